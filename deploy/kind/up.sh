#!/usr/bin/env bash
# Creates a kind cluster, installs the controller built from this repository, and sends a request to a demo host. Run it again after a
# change: the cluster is kept, and the image is rebuilt and rolled out.
#
#   deploy/kind/up.sh          KIND_CLUSTER_NAME=NAME   the cluster; default yarp-ingress
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
cluster="${KIND_CLUSTER_NAME:-yarp-ingress}"
context="kind-$cluster"
host="echo.localhost"

missing=0
need() {
  if ! command -v "$1" >/dev/null; then
    echo "$1 is missing: $2" >&2
    missing=1
  fi
}
need docker "install and start Docker, or an engine with the same command line"
need kind "https://kind.sigs.k8s.io/docs/user/quick-start/#installation"
need kubectl "https://kubernetes.io/docs/tasks/tools/"
need helm "https://helm.sh/docs/intro/install/"
need curl "install it with your package manager"
[ "$missing" -eq 0 ] || exit 1
if ! docker info >/dev/null 2>&1; then
  echo "docker does not respond: start its daemon, and give this user access to it" >&2
  exit 1
fi

step() { echo "==> $*"; }

if kind get clusters 2>/dev/null | grep -qxF "$cluster"; then
  step "cluster $cluster exists"
else
  step "creating cluster $cluster (ports 80 and 443 of this machine must be free)"
  kind create cluster --name "$cluster" --config "$here/cluster.yaml" --wait 120s
fi

step "building the image"
docker build --tag yarp-ingress:dev "$root"
# A tag from the image ID: a changed image is rolled out, an unchanged one is not.
id="$(docker image inspect --format '{{.Id}}' yarp-ingress:dev)"
id="${id#sha256:}"
tag="dev-${id:0:12}"
docker tag yarp-ingress:dev "yarp-ingress:$tag"
step "loading yarp-ingress:$tag"
kind load docker-image "yarp-ingress:$tag" --name "$cluster"

step "installing the chart"
helm upgrade --install yarp-ingress "$root/charts/yarp-ingress" --kube-context "$context" \
  --namespace yarp-ingress --create-namespace --values "$here/values.yaml" --set-string image.tag="$tag" --wait --timeout 180s

step "applying the demo application"
sed "s|image: yarp-ingress:dev|image: yarp-ingress:$tag|" "$root/deploy/demo/app.yaml" | kubectl --context "$context" apply --filename -
kubectl --context "$context" --namespace echo rollout status deployment/echo --timeout 120s

step "requesting http://$host/"
# The controller sees the ready Pods a moment later.
if ! curl --silent --show-error --fail --retry 10 --retry-delay 1 --retry-all-errors --max-time 10 --noproxy '*' \
  --resolve "$host:80:127.0.0.1" "http://$host/hello"; then
  echo >&2
  echo "http://$host/ does not respond; the log of the controller:" >&2
  kubectl --context "$context" --namespace yarp-ingress logs deployment/yarp-ingress --tail 50 >&2
  exit 1
fi

cat <<END

It works: $host is served. Next:
  curl http://$host/
  curl --insecure https://$host/
  kubectl --context $context --namespace echo get ingress
  kubectl --context $context --namespace yarp-ingress port-forward deployment/yarp-ingress 10254:admin
  deploy/kind/down.sh
END
