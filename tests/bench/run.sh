#!/usr/bin/env bash
# Compares the controller with nginx, HAProxy and Caddy on this machine, or with "scale" measures it in a large cluster: run.sh [scale] --help,
# docs/performance.md. As root it installs the Debian packages that are missing. Without --controller it publishes the program as the image has it.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=bench
if [ "${1:-}" = scale ]; then
  program=scale
  shift
fi
PATH="$PATH:/usr/sbin"

# Without --with, the short form compares with nginx alone. HAProxy is also the backend of uploads.
caddy=(caddy:caddy)
if [[ " $* " == *" --short "* || " $* " == *" --with "* || $program = scale ]] && [[ "$*" != *caddy* ]]; then caddy=(); fi
packages=()
for tool in nginx:nginx-light haproxy:haproxy "${caddy[@]}" wrk:wrk h2load:nghttp2-client openssl:openssl python3:python3; do
  command -v "${tool%%:*}" >/dev/null || packages+=("${tool#*:}")
done
if [ ${#packages[@]} -gt 0 ]; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "install ${packages[*]}" >&2
    exit 2
  fi
  echo "==> packages ${packages[*]}" >&2
  # Debian starts servers when it installs them; exit code 101 tells it not to.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod +x "$policy"
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2
  if [ -n "$(trap -p EXIT)" ]; then
    rm -f "$policy"
    trap - EXIT
  fi
fi

published=()
if [[ " $* " != *" --controller"* && " $* " != *" --help "* && " $* " != *" -h "* && " $* " != *" --list "* ]]; then
  echo "==> publish" >&2
  case "$(uname -m)" in aarch64) runtime=linux-arm64 ;; *) runtime=linux-x64 ;; esac
  output="$PWD/artifacts/bench"
  "${DOTNET:-dotnet}" publish src/IngressController -c Release -p:PublishProfile=Image -r "$runtime" -o "$output" -v quiet -clp:ErrorsOnly >&2
  published=(--controller "controller=$output")
fi
exec python3 "tests/bench/$program.py" "${published[@]}" "$@"
