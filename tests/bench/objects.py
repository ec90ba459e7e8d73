"""Kubernetes objects of the scale cases, as dictionaries."""
import base64
import os
import re
import subprocess


def ingress_class():
    return {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "yarp"},
            "spec": {"controller": "yarp.ingress.kubernetes.io/controller"}}


def _metadata(name, **more):
    return {"name": name, "namespace": "default", **more}


def host(name):
    return f"{name}.example"


def service(name, port=80, target=8080):
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(name), "spec": {"ports": [{"name": "http", "port": port, "targetPort": target}]}}


def endpoints(name, addresses, port, part=0):
    """One EndpointSlice of a Service."""
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": _metadata(f"{name}-{part}", labels={"kubernetes.io/service-name": name}), "addressType": "IPv4",
            "ports": [{"name": "http", "port": port}],
            "endpoints": [{"addresses": [address], "conditions": {"ready": True, "serving": True, "terminating": False}} for address in addresses]}


def ingress(name, backend=None, path="/", secret=None, annotations=None):
    """An Ingress of one host that leads to a Service, by default that of its name."""
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": _metadata(name, annotations=annotations or {}),
            "spec": {"ingressClassName": "yarp", **({"tls": [{"hosts": [host(name)], "secretName": secret}]} if secret else {}),
                     "rules": [{"host": host(name), "http": {"paths": [
                         {"path": path, "pathType": "Prefix", "backend": {"service": {"name": backend or name, "port": {"name": "http"}}}}]}}]}}


def application(name, address, port):
    """A Service with one endpoint, and an Ingress."""
    return [service(name, target=port), endpoints(name, [address], port), ingress(name)]


class Certificates:
    """Certificates that differ in their host only, all with one key. Creating 5,000 keys would take minutes."""

    def __init__(self, folder):
        key, certificate = os.path.join(folder, "scale.key"), os.path.join(folder, "scale.der")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-outform", "DER",
             "-out", certificate, "-days", "2", "-subj", "/CN=tls-00000.example", "-addext", "subjectAltName=DNS:tls-00000.example"],
            check=True, capture_output=True)
        with open(key, "rb") as file:
            self._key = base64.b64encode(file.read()).decode()
        with open(certificate, "rb") as file:
            self._template = file.read()

    @staticmethod
    def name(number):
        return f"tls-{number:05}"

    def secret(self, number):
        # The signature does not cover the new name. Neither proxies nor these tests verify self-signed certificates.
        der = self._template.replace(b"tls-00000", self.name(number).encode())
        pem = "-----BEGIN CERTIFICATE-----\n" + re.sub("(.{64})", r"\1\n", base64.b64encode(der).decode()).rstrip() + "\n-----END CERTIFICATE-----\n"
        return {"apiVersion": "v1", "kind": "Secret", "metadata": _metadata(self.name(number)), "type": "kubernetes.io/tls",
                "data": {"tls.crt": base64.b64encode(pem.encode()).decode(), "tls.key": self._key}}
