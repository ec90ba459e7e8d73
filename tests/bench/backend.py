"""The backends behind the proxies."""
import os
import sys
from dataclasses import dataclass

from processes import free_ports

HERE = os.path.dirname(os.path.abspath(__file__))
PAYLOADS = {"0": 0, "100": 100, "4k": 4096, "1m": 1024 * 1024}


@dataclass(frozen=True)
class Backend:
    """Ports of the backends."""

    http: int
    upload: int
    grpc: int
    websocket: int


def start(processes, folder):
    """Starts nginx for files and gRPC, HAProxy for uploads, which it reads before it answers, and an echo of WebSocket messages."""
    backend = Backend(*free_ports(4))
    files = os.path.join(folder, "files")
    os.makedirs(files)
    for name, size in PAYLOADS.items():
        with open(os.path.join(files, name), "wb") as file:
            file.write(b"x" * size)
    with open(os.path.join(files, "grpc"), "wb") as file:
        file.write(b"\0\0\0\0\x64" + b"x" * 100)  # one uncompressed message of 100 bytes
    nginx = os.path.join(folder, "backend-nginx.conf")
    with open(nginx, "w", encoding="ascii") as file:
        file.write(_nginx(backend, folder))
    processes.start("backend-nginx", ["nginx", "-p", folder, "-e", "stderr", "-c", nginx], [backend.http, backend.grpc])
    haproxy = os.path.join(folder, "backend-haproxy.conf")
    with open(haproxy, "w", encoding="ascii") as file:
        file.write(_haproxy(backend))
    processes.start("backend-haproxy", ["haproxy", "-db", "-f", haproxy], [backend.upload])
    processes.start("backend-websocket", [sys.executable, os.path.join(HERE, "echo.py"), str(backend.websocket)], [backend.websocket])
    return backend


def _nginx(backend, folder):
    # add_trailer makes a gRPC response of a file; POST is allowed by making the error of a static file the file itself.
    return f"""
worker_processes 1; daemon off; pid {folder}/backend-nginx.pid; error_log stderr crit;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; tcp_nopush on; sendfile on; open_file_cache max=10; default_type text/plain;
  client_body_temp_path {folder}/backend-body; proxy_temp_path {folder}/backend-proxy; fastcgi_temp_path {folder}/backend-fastcgi;
  uwsgi_temp_path {folder}/backend-uwsgi; scgi_temp_path {folder}/backend-scgi; root {folder}/files;
  server {{ listen 127.0.0.1:{backend.http} backlog=4096; }}
  server {{
    listen 127.0.0.1:{backend.grpc} backlog=4096 http2; default_type application/grpc; http2_max_concurrent_streams 1024;
    location / {{ error_page 405 =200 /grpc; return 405; }}
    location = /grpc {{ add_trailer grpc-status 0; error_page 405 =200 /grpc; }}
  }}
}}
"""


def _haproxy(backend):
    return f"""
global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout client 600s
  timeout connect 5s
  timeout server 600s
frontend upload
  bind 127.0.0.1:{backend.upload} backlog 4096
  http-request wait-for-body time 10s
  http-request return status 200 content-type text/plain string "received"
"""
