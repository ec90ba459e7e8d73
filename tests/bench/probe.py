"""Requests of the scale cases, one after the other on one connection."""
import collections
import re
import socket
import time

from objects import host

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


class Probe:
    """One client of the proxy. A connection that ends counts as an answer with status 0."""

    def __init__(self, port):
        self._port = port
        self._socket = None

    def get(self, name, path="/"):
        """Returns status and body."""
        try:
            if self._socket is None:
                self._socket = socket.create_connection(("127.0.0.1", self._port), 10)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {host(name)}\r\n\r\n".encode())
            return self._read()
        except OSError:
            self.close()
            return 0, b""

    def _read(self):
        data = b""
        while True:
            end = data.find(b"\r\n\r\n")
            length = _LENGTH.search(data, 0, end + 2) if end >= 0 else None
            if length and len(data) >= end + 4 + int(length[1]):
                return int(data[9:12]), data[end + 4:]
            if end >= 0 and not length:
                raise OSError("a response without a length")
            piece = self._socket.recv(65536)
            if not piece:
                raise OSError("the connection ended")
            data += piece

    def until(self, name, body=None, path="/", limit=20):
        """Repeats a request until its answer is 200 with the body; returns the seconds it took and the other answers by status."""
        start = time.monotonic()
        others = collections.Counter()
        while True:
            status, received = self.get(name, path)
            seconds = time.monotonic() - start
            if status == 200 and body in (None, received):
                return seconds, others
            others[status] += 1
            if seconds > limit:
                raise SystemExit(f"{host(name)}{path} is not live after {limit} s: {dict(others)}")
            time.sleep(0.001)  # leaves the core to the proxy

    def close(self):
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def milliseconds(seconds):
    """Describes a distribution."""
    ordered = sorted(seconds)
    return (f"median {ordered[len(ordered) // 2] * 1e3:.0f}, p99 {ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1e3:.0f}, "
            f"slowest {ordered[-1] * 1e3:.0f} ms of {len(ordered)}")


def p99(seconds):
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
