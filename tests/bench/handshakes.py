"""A load client that makes a TLS connection for each request: handshakes.py JSON.

Each of several processes makes one connection after the other, in turns of a fixed rate if there is one; latency is then measured from the
time when the connection was due. With resume, each continues the session of the one before. Prints what client.py prints, and resumed, the
number of connections that continued a session.
"""
import json
import os
import socket
import ssl
import sys
import time

from client import percentiles


def _connect(options, context, session):
    """Makes one connection with one request; returns its session and whether it continued one."""
    plain = socket.create_connection(("127.0.0.1", options["port"]), 10)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with context.wrap_socket(plain, server_hostname=options["host"], session=session) as tls:
        tls.sendall(f"GET {options['path']} HTTP/1.1\r\nHost: {options['host']}:{options['port']}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while piece := tls.recv(65536):
            answer += piece
        if not answer.startswith(b"HTTP/1.1 200"):
            raise OSError(f"{answer[:40]!r}")
        # TLS 1.3 sends tickets after the handshake, so the session is complete now.
        return tls.session, tls.session_reused


def _work(options, index):
    context = ssl.create_default_context(cafile=options["ca"])
    latencies, failed, resumed, session = [], 0, 0, None
    interval = options["connections"] / options["rate"] if options["rate"] else 0
    start = time.monotonic()
    due = start + interval * index / options["connections"]
    while (now := time.monotonic()) < start + options["seconds"]:
        if interval and due > now:
            time.sleep(due - now)
        began = due if interval else now
        try:
            last, reused = _connect(options, context, session)
            session = last if options.get("resume") else None
            resumed += reused
            latencies.append(time.monotonic() - began)
        except OSError:
            failed += 1
        due += interval
    return {"latencies": latencies, "failed": failed, "resumed": resumed, "start": start, "end": time.monotonic()}


def run(options):
    """Forks the processes and sums what they measured."""
    readers = []
    for index in range(options["connections"]):
        reader, writer = os.pipe()
        if os.fork() == 0:
            try:
                os.close(reader)
                with os.fdopen(writer, "w", encoding="ascii") as output:
                    json.dump(_work(options, index), output)
            finally:
                os._exit(0)
        os.close(writer)
        readers.append(reader)
    results = []
    for reader in readers:
        with os.fdopen(reader, encoding="ascii") as text:
            results.append(json.load(text))
    for _ in readers:
        os.wait()
    latencies = [latency for result in results for latency in result["latencies"]]
    return {
        "requests": len(latencies), **percentiles(latencies),
        "seconds": max(result["end"] for result in results) - min(result["start"] for result in results),
        **{name: sum(result[name] for result in results) for name in ("failed", "resumed")},
    }


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.argv[1]))))
