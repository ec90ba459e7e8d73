"""The proxies that are compared, with equal settings: connections are kept on both sides, backends get the same forwarding headers."""
import os
import subprocess
from dataclasses import dataclass

from processes import free_ports

HOST = "localhost"


@dataclass(frozen=True)
class Proxy:
    """A proxy that runs. scrape is the address of its metrics, or None."""

    name: str
    pid: int
    http: int
    https: int
    scrape: str | None


@dataclass(frozen=True)
class Settings:
    """What all proxies of a run have in common."""

    folder: str
    backend: object
    workers: int
    certificate: str
    key: str


def create_certificate(folder):
    """Creates the certificate of all proxies: ECDSA P-256, as most of the web has."""
    certificate, key = os.path.join(folder, "tls.crt"), os.path.join(folder, "tls.key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate,
         "-days", "2", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"], check=True, capture_output=True)
    return certificate, key


def write(settings, name, text):
    """Writes a file of a proxy and returns its path."""
    path = os.path.join(settings.folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def start_nginx(processes, settings, name, observed):
    """Starts nginx. observed: with access log and metrics."""
    http, https, metrics = free_ports(3)
    backend, folder = settings.backend, settings.folder
    log = f"access_log {folder}/{name}-access.log" if observed else "access_log off"
    # Buffers that hold a large response in few pieces, and no temporary files: the settings that are fastest.
    path = write(settings, f"{name}.conf", f"""
worker_processes {settings.workers}; daemon off; pid {folder}/{name}.pid; error_log stderr crit;
events {{ worker_connections 8192; }}
http {{
  {log}; keepalive_requests 1000000000; keepalive_timeout 600s; tcp_nodelay on; client_max_body_size 0; client_body_buffer_size 64k;
  client_body_temp_path {folder}/{name}-body; proxy_temp_path {folder}/{name}-proxy; fastcgi_temp_path {folder}/{name}-fastcgi;
  uwsgi_temp_path {folder}/{name}-uwsgi; scgi_temp_path {folder}/{name}-scgi;
  proxy_buffer_size 8k; proxy_buffers 16 64k; proxy_busy_buffers_size 128k; proxy_max_temp_file_size 0;
  ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:tls:10m; ssl_session_tickets on; ssl_certificate {settings.certificate};
  ssl_certificate_key {settings.key}; http2_max_requests 1000000000; http2_max_concurrent_streams 128;
  map $http_upgrade $connection_header {{ default upgrade; '' ''; }}
  {"".join(f'upstream {kind} {{ server 127.0.0.1:{port}; keepalive 600; keepalive_requests 1000000000; keepalive_timeout 600s; }} '
           for kind, port in (("files", backend.http), ("upload", backend.upload), ("grpc", backend.grpc), ("websocket", backend.websocket)))}
  proxy_http_version 1.1; {_nginx_headers("proxy")} proxy_set_header Connection $connection_header; proxy_set_header Upgrade $http_upgrade;
  {_nginx_headers("grpc")}
  server {{
    listen 127.0.0.1:{http} backlog=4096; listen 127.0.0.1:{https} ssl http2 backlog=4096; server_name {HOST};
    location / {{ proxy_pass http://files; }}
    location /upload {{ proxy_pass http://upload; }}
    location /websocket {{ proxy_pass http://websocket; }}
    location /grpc {{ grpc_pass grpc://grpc; }}
  }}
  server {{ listen 127.0.0.1:{metrics}; access_log off; location / {{ stub_status; }} }}
}}
""")
    pid = processes.start(name, ["nginx", "-p", folder, "-e", "stderr", "-c", path], [http, https])
    return Proxy(name, pid, http, https, f"http://127.0.0.1:{metrics}/" if observed else None)


def _nginx_headers(kind):
    values = {
        "Host": "$http_host", "X-Forwarded-For": "$remote_addr", "X-Real-IP": "$remote_addr", "X-Forwarded-Proto": "$scheme",
        "X-Forwarded-Host": "$http_host", "X-Forwarded-Port": "$server_port", "X-Request-ID": "$request_id",
    }
    if kind == "grpc":
        del values["Host"]  # grpc_pass writes :authority
    return " ".join(f"{kind}_set_header {name} {value};" for name, value in values.items())


def start_haproxy(processes, settings, name, observed):
    """Starts HAProxy."""
    http, https, metrics = free_ports(3)
    backend = settings.backend
    pem = os.path.join(settings.folder, "haproxy.pem")
    with open(pem, "w", encoding="ascii") as file:
        for part in (settings.certificate, settings.key):
            with open(part, encoding="ascii") as text:
                file.write(text.read())
    log = "log global\n  option httplog" if observed else "option dontlog-normal"
    servers = "".join(
        f"backend {kind}\n  server one 127.0.0.1:{port}{more}\n"
        for kind, port, more in (("files", backend.http, ""), ("upload", backend.upload, ""), ("grpc", backend.grpc, " proto h2"),
                                 ("websocket", backend.websocket, "")))
    path = write(settings, f"{name}.conf", f"""
global
  nbthread {settings.workers}
  maxconn 8192
  {"log stdout format raw local0" if observed else ""}
defaults
  mode http
  {log}
  option http-keep-alive
  http-reuse always
  timeout client 600s
  timeout connect 5s
  timeout server 600s
  timeout tunnel 600s
  timeout http-keep-alive 600s
frontend web
  bind 127.0.0.1:{http} backlog 4096
  bind 127.0.0.1:{https} backlog 4096 ssl crt {pem} alpn h2,http/1.1 ssl-min-ver TLSv1.2
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Real-IP %[src]
  http-request set-header X-Forwarded-Proto https if {{ ssl_fc }}
  http-request set-header X-Forwarded-Proto http unless {{ ssl_fc }}
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  http-request set-header X-Forwarded-Port %[dst_port]
  http-request set-header X-Request-ID %[uuid]
  use_backend upload if {{ path_beg /upload }}
  use_backend websocket if {{ path_beg /websocket }}
  use_backend grpc if {{ path_beg /grpc }}
  default_backend files
frontend metrics
  bind 127.0.0.1:{metrics}
  http-request use-service prometheus-exporter if {{ path /metrics }}
  no log
{servers}""")
    pid = processes.start(name, ["haproxy", "-db", "-f", path], [http, https])
    return Proxy(name, pid, http, https, f"http://127.0.0.1:{metrics}/metrics" if observed else None)


def start_caddy(processes, settings, name, observed):
    """Starts Caddy."""
    http, https, metrics = free_ports(3)
    backend = settings.backend
    transport = "keepalive 600s\n keepalive_idle_conns 2048\n keepalive_idle_conns_per_host 1024\n compression off"
    headers = "header_up X-Real-IP {remote_host}\n header_up X-Forwarded-Port {http.request.port}\n header_up X-Request-ID {http.request.uuid}"

    def route(prefix, port, scheme="", more=""):
        return (f" handle {prefix} {{\n reverse_proxy {scheme}127.0.0.1:{port} {{\n {headers}\n transport http {{\n {transport}\n {more}\n }}\n }}\n }}\n")

    routes = (route("/upload*", backend.upload) + route("/websocket*", backend.websocket)
              + route("/grpc*", backend.grpc, more="versions h2c") + route("", backend.http))
    log = f"log {{\n output file {settings.folder}/{name}-access.log\n }}\n" if observed else ""
    metrics_site = f"http://{HOST}:{metrics} {{\n bind 127.0.0.1\n metrics\n}}\n" if observed else ""
    path = write(settings, f"{name}.conf", f"""{{
 admin off
 auto_https off
 {"servers {" + chr(10) + " metrics" + chr(10) + " }" if observed else ""}
 log default {{
  level ERROR
  {"exclude http.log.access" if observed else ""}
 }}
}}
http://{HOST}:{http} {{
 bind 127.0.0.1
 {log}{routes}}}
https://{HOST}:{https} {{
 bind 127.0.0.1
 tls {settings.certificate} {settings.key}
 {log}{routes}}}
{metrics_site}""")
    pid = processes.start(
        name, ["caddy", "run", "--config", path, "--adapter", "caddyfile"], [http, https],
        {"GOMAXPROCS": str(settings.workers), "HOME": settings.folder, "XDG_CONFIG_HOME": settings.folder, "XDG_DATA_HOME": settings.folder})
    return Proxy(name, pid, http, https, f"http://{HOST}:{metrics}/metrics" if observed else None)
