#!/usr/bin/env bash
# Deletes the cluster of up.sh.
set -euo pipefail
cluster="${KIND_CLUSTER_NAME:-yarp-ingress}"
if ! command -v kind >/dev/null; then
  echo "kind is missing: https://kind.sigs.k8s.io/docs/user/quick-start/#installation" >&2
  exit 1
fi
if kind get clusters 2>/dev/null | grep -qxF "$cluster"; then
  kind delete cluster --name "$cluster"
else
  echo "cluster $cluster does not exist"
fi
