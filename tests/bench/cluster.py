"""What a scale case works with: an API server, backends and one controller."""
import os
import threading
import time

import objects
from apiserver import ApiServer
from controller import until_ready
from probe import Probe
from processes import cpu_seconds, free_ports, memory_mib


class Cluster:
    """An API server, backends and one controller."""

    def __init__(self, options, folder, processes):
        self.options = options
        self.folder = folder
        self._processes = processes
        self.api = None
        self.pid = self.http = self.https = None
        self.backend, self.other_backend, self.pods = free_ports(3)
        # Two backends that name themselves, and the endpoints of one Service before and after it is rolled.
        listen = "".join(f"listen {address}:{self.pods};" for address in self.old_pods + self.new_pods)
        path = os.path.join(folder, "backend.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"""
worker_processes 1; worker_rlimit_nofile 20000; daemon off; pid {folder}/backend.pid; error_log stderr crit;
events {{ worker_connections 16384; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; server_tokens off; types {{ }} default_type text/plain;
  client_body_temp_path {folder}/b1; proxy_temp_path {folder}/b2; fastcgi_temp_path {folder}/b3; uwsgi_temp_path {folder}/b4; scgi_temp_path {folder}/b5;
  server {{ listen 127.0.0.1:{self.backend} backlog=4096; return 200 "a"; }}
  server {{ listen 127.0.0.1:{self.other_backend} backlog=4096; return 200 "b"; }}
  server {{ {listen} return 200 "$server_addr"; }}
}}
""")
        processes.start("backend", ["nginx", "-p", folder, "-e", "stderr", "-c", path], [self.backend, self.other_backend])

    old_pods = [f"127.1.{i // 250}.{1 + i % 250}" for i in range(1000)]
    new_pods = [f"127.2.{i // 250}.{1 + i % 250}" for i in range(1000)]

    def start(self, contents=(), arguments=(), manifests=None):
        """Starts a controller; returns the seconds until it is ready."""
        if manifests is None:
            self.api = ApiServer().__enter__()
            self.api.write(objects.ingress_class(), *contents)
            kubeconfig = os.path.join(self.folder, "kubeconfig")
            self.api.write_kubeconfig(kubeconfig)
            source = ["--kubeconfig", kubeconfig, "--leader-elect=false", "--update-status=false", "--emit-events=false"]
        else:
            source = ["--manifests", manifests]
        self.http, self.https, admin = free_ports(3)
        build = self.options.build
        command = [os.path.join(build.folder, "ingress-controller"), "run", *source, "--http-port", str(self.http), "--https-port", str(self.https),
                   "--admin-port", str(admin), "--bind-address", "127.0.0.1", "--log-level", "warning", *build.arguments, *arguments]
        start = time.monotonic()
        self.pid = self._processes.start("controller", command, [admin], {"INGRESS_SHUTDOWN_DELAY": "0", **build.environment})
        until_ready("controller", f"http://127.0.0.1:{admin}/readyz", 120)
        return time.monotonic() - start

    def stop(self):
        """Ends the API server. The controller ends with the other processes."""
        if self.api:
            self.api.__exit__()

    def probe(self):
        return Probe(self.http)

    def cpu(self):
        return cpu_seconds(self.pid)

    def memory(self):
        return memory_mib(self.pid)

    def handles(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def applications(self, count, prefix="app-"):
        """Objects of applications with one route and one endpoint each."""
        return [item for i in range(count) for item in objects.application(f"{prefix}{i:05}", "127.0.0.1", self.backend)]


class Every:
    """Calls a function at a fixed rate on a thread of its own."""

    def __init__(self, seconds, action):
        self._seconds = seconds
        self._action = action
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.count = 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self):
        due = time.monotonic()
        while not self._stop.wait(max(0, due - time.monotonic())):
            self._action(self.count)
            self.count += 1
            due += self._seconds
