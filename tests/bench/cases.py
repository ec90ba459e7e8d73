"""The cases of the bench: what a client sends, and with which tool."""
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from client import percentiles
from proxies import HOST

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclass(frozen=True)
class Sample:
    """What one load measured; latencies are in microseconds."""

    requests: int
    failed: int
    seconds: float
    p50: float | None = None
    p99: float | None = None
    p999: float | None = None

    @property
    def rate(self):
        return self.requests / self.seconds


@dataclass(frozen=True)
class Case:
    """A kind of request. tool is the client that saturates the proxy."""

    name: str
    text: str
    tool: str
    path: str
    connections: int
    tls: bool = False
    body: int = 0
    streams: int = 1
    resume: bool = False
    observed: bool = False
    short: bool = False

    def saturate(self, proxy, seconds, settings):
        """Sends as much as the proxy answers, longer if a machine with other work leaves no time for one answer."""
        sample = self._saturate(proxy, seconds, settings)
        return sample if sample.requests or sample.failed else self._saturate(proxy, seconds * 10, settings)

    def _saturate(self, proxy, seconds, settings):
        if self.tool == "wrk":
            return _wrk(self, proxy, seconds, settings)
        if self.tool == "h2load":
            return _h2load(self, proxy, seconds, settings, None)
        return _own(self, proxy, seconds, settings, 0)

    def at_rate(self, proxy, seconds, settings, rate):
        """Sends at a rate below saturation."""
        if self.tool == "h2load":
            return _h2load(self, proxy, seconds, settings, rate)
        return _own(self, proxy, seconds, settings, rate)

    def url(self, proxy):
        return f"https://{HOST}:{proxy.https}{self.path}" if self.tls else f"http://{HOST}:{proxy.http}{self.path}"


CASES = [
    Case("get", "GET 0 B, 64 connections", "wrk", "/0", 64, short=True),
    Case("get-100", "GET 100 B, 64 connections", "wrk", "/100", 64),
    Case("get-c1", "GET 0 B, 1 connection", "wrk", "/0", 1),
    Case("get-c512", "GET 0 B, 512 connections", "wrk", "/0", 512),
    Case("get-4k", "GET 4 KB, 64 connections", "wrk", "/4k", 64, short=True),
    Case("get-1m", "GET 1 MB, 64 connections", "wrk", "/1m", 64),
    Case("post-4k", "POST 4 KB, 64 connections", "wrk", "/upload", 64, body=4096, short=True),
    Case("tls", "TLS, GET 100 B, 64 connections", "wrk", "/100", 64, tls=True, short=True),
    Case("tls-new", "TLS, a full handshake a request", "handshakes", "/100", 8, tls=True, short=True),
    Case("tls-resumed", "TLS, a resumed handshake a request", "handshakes", "/100", 8, tls=True, resume=True, short=True),
    Case("h2", "HTTP/2 over TLS, GET 100 B, 64 connections of 10 streams", "h2load", "/100", 64, tls=True, streams=10, short=True),
    Case("grpc", "gRPC over TLS, 100 B each way, 64 connections of 10 streams", "h2load", "/grpc", 64, tls=True, body=105, streams=10, short=True),
    Case("websocket", "WebSocket messages of 64 B, 64 connections", "client", "/websocket", 64, short=True),
    Case("log", "GET 100 B, 64 connections, access log and metrics", "wrk", "/100", 64, observed=True),
]


def _run(command, seconds, expected=0):
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=False)
    except subprocess.TimeoutExpired as late:
        raise SystemExit(f"{' '.join(command)[:300]}\ndoes not end") from late
    if result.returncode != expected:
        raise SystemExit(f"{' '.join(command)[:300]}\n{result.stdout[-1000:]}{result.stderr[-1000:]}")
    return result.stdout


def _wrk(case, proxy, seconds, settings):
    script = os.path.join(settings.folder, "wrk.lua")
    with open(script, "w", encoding="ascii") as file:
        file.write(f'''
wrk.method = "{'POST' if case.body else 'GET'}"
wrk.body = {f'string.rep("x", {case.body})' if case.body else 'nil'}
done = function(summary)
  local errors = summary.errors
  io.write(string.format("\\nTOTAL %d %d %d\\n", summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
''')
    # wrk takes whole seconds only; SIGINT ends it earlier in the same way.
    command = ["timeout", "--signal=INT", f"{seconds:.2f}", "wrk", "-t1", f"-c{case.connections}", "-d1000s", "-s", script, case.url(proxy)]
    output = _run(command, seconds, 124)
    requests, microseconds, failed = map(int, re.search(r"TOTAL (\d+) (\d+) (\d+)", output).groups())
    return Sample(requests, failed, microseconds / 1e6)


def _h2load(case, proxy, seconds, settings, rate):
    # A gRPC response without trailers has status 200 as well; the tests of the project check trailers.
    command = ["h2load", "-t1", f"-c{case.connections}", f"-m{case.streams}"]
    log = None
    if rate:
        handle, log = tempfile.mkstemp(dir=settings.folder)
        os.close(handle)
        per_client = max(1, rate / case.connections)
        count = case.connections * max(1, round(per_client * seconds))
        command += [f"-n{count}", f"--rps={per_client:.3f}", f"--log-file={log}"]
    else:
        command += ["-D", f"{seconds * 1000:.0f}ms"]
    if case.body:
        body = os.path.join(settings.folder, "files", "grpc")
        command += ["-d", body, "-H", "content-type: application/grpc", "-H", "te: trailers"]
    output = _run([*command, case.url(proxy)], seconds)
    succeeded, failed = map(int, re.search(r"(\d+) succeeded, (\d+) failed", output).groups())
    number, unit = re.search(r"finished in ([\d.]+)(us|ms|s)", output).groups()
    finished = float(number) * {"us": 1e-6, "ms": 1e-3, "s": 1}[unit]
    latencies = []
    if log:
        with open(log, encoding="ascii") as lines:
            latencies = [int(line.split()[2]) / 1e6 for line in lines]
        os.unlink(log)
    return Sample(succeeded, failed, finished, **percentiles(latencies))


def _own(case, proxy, seconds, settings, rate):
    program = "handshakes.py" if case.tool == "handshakes" else "client.py"
    options = {
        "port": proxy.https if case.tls else proxy.http, "host": HOST, "path": case.path, "connections": case.connections, "seconds": seconds,
        "rate": rate, "tls": case.tls, "ca": settings.certificate, "body": case.body, "resume": case.resume,
        "websocket": case.tool == "client",
    }
    result = json.loads(_run([sys.executable, os.path.join(HERE, program), json.dumps(options)], seconds))
    if case.tool == "handshakes":
        _check_resumption(case, result)
    result.pop("resumed", None)
    return Sample(**result)


def _check_resumption(case, result):
    # The first connection of each process has no session to continue.
    expected = result["requests"] - case.connections if case.resume else 0
    if abs(result["resumed"] - expected) > result["requests"] * 0.05:
        raise SystemExit(f"{case.name}: {result['resumed']} of {result['requests']} connections continued a session, {expected} were expected")


