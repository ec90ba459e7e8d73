"""The controller as one of the proxies, with a folder of manifests."""
import os
import time
import urllib.request

from processes import free_ports
from proxies import HOST, Proxy, write


def start_controller(processes, settings, name, observed, build):
    """Starts a published controller with a folder of manifests."""
    http, https, admin = free_ports(3)
    manifests = os.path.join(settings.folder, f"{name}-manifests")
    os.makedirs(manifests)
    with open(settings.certificate, encoding="ascii") as certificate, open(settings.key, encoding="ascii") as key:
        write(settings, f"{name}-manifests/all.yaml", _manifests(settings.backend, certificate.read(), key.read()))
    program = os.path.join(build.folder, "ingress-controller")
    arguments = ["run", "--manifests", manifests, "--http-port", str(http), "--https-port", str(https), "--admin-port", str(admin),
                 "--bind-address", "127.0.0.1", "--log-level", "warning", *build.arguments, *(build.observed_arguments if observed else [])]
    pid = processes.start(
        name, [program, *arguments], [http, https, admin],
        {"DOTNET_PROCESSOR_COUNT": str(settings.workers), "INGRESS_SHUTDOWN_DELAY": "0", **build.environment})
    until_ready(name, f"http://127.0.0.1:{admin}/readyz")
    return Proxy(name, pid, http, https, f"http://127.0.0.1:{admin}/metrics" if observed else None)


def until_ready(name, url, seconds=30):
    """Waits until the readiness check of a controller succeeds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.01)
    raise SystemExit(f"{name} does not become ready")


def _manifests(backend, certificate, key):
    def block(text):
        return "".join(f"    {line}\n" for line in text.splitlines())

    text = f"""apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {{name: yarp}}
spec: {{controller: yarp.ingress.kubernetes.io/controller}}
---
apiVersion: v1
kind: Secret
metadata: {{name: tls, namespace: default}}
type: kubernetes.io/tls
stringData:
  tls.crt: |
{block(certificate)}  tls.key: |
{block(key)}"""
    for kind, path, port in (("files", "/", backend.http), ("upload", "/upload", backend.upload), ("grpc", "/grpc", backend.grpc),
                             ("websocket", "/websocket", backend.websocket)):
        protocol = ', nginx.ingress.kubernetes.io/backend-protocol: "GRPC"' if kind == "grpc" else ""
        text += f"""---
apiVersion: v1
kind: Service
metadata: {{name: {kind}, namespace: default}}
spec: {{ports: [{{port: 80, targetPort: {port}}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {kind}-1, namespace: default, labels: {{kubernetes.io/service-name: {kind}}}}}
addressType: IPv4
ports: [{{port: {port}}}]
endpoints: [{{addresses: [127.0.0.1]}}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: {kind}, namespace: default, annotations: {{nginx.ingress.kubernetes.io/ssl-redirect: "false"{protocol}}}}}
spec:
  ingressClassName: yarp
  tls: [{{hosts: [{HOST}], secretName: tls}}]
  rules: [{{host: {HOST}, http: {{paths: [{{path: {path}, pathType: Prefix, backend: {{service: {{name: {kind}, port: {{number: 80}}}}}}}}]}}}}]
"""
    return text
