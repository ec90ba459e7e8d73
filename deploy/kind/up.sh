#!/usr/bin/env bash
# Makes a kind cluster with the controller of this folder in it and asks a demo host through it. Run it again after a change: what is there
# is kept, the image is built and rolled out anew.
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
need docker "install Docker, or another engine with its command line, and start it"
need kind "https://kind.sigs.k8s.io/docs/user/quick-start/#installation"
need kubectl "https://kubernetes.io/docs/tasks/tools/"
need helm "https://helm.sh/docs/intro/install/"
need curl "install it with the package manager of this machine"
[ "$missing" -eq 0 ] || exit 1
if ! docker info >/dev/null 2>&1; then
  echo "docker does not answer: start its daemon, and see to it that this user may use it" >&2
  exit 1
fi

step() { echo "==> $*"; }

if kind get clusters 2>/dev/null | grep -qxF "$cluster"; then
  step "cluster $cluster is there"
else
  step "making cluster $cluster (ports 80 and 443 of this machine must be free)"
  kind create cluster --name "$cluster" --config "$here/cluster.yaml" --wait 120s
fi

step "building the image"
docker build --tag yarp-ingress:dev "$root"
# A tag for what is in it: a changed image is rolled out, the same one is not.
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

step "asking http://$host/"
# Its Pods are ready, and the controller hears of it a moment later.
if ! curl --silent --show-error --fail --retry 10 --retry-delay 1 --retry-all-errors --max-time 10 --noproxy '*' \
  --resolve "$host:80:127.0.0.1" "http://$host/hello"; then
  echo >&2
  echo "http://$host/ does not answer; what the controller says:" >&2
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
