"""A load client for HTTP/1.1 and WebSocket with an open loop: client.py JSON.

Requests are due at random times of a Poisson process with the given rate, whether or not earlier ones have been answered, and latency is
measured from the time when a request was due. A rate of 0 sends the next request of each connection when the last has been answered. Prints
{requests, failed, seconds, p50, p99, p999} with latencies in microseconds.
"""
import collections
import ctypes
import gc
import json
import random
import re
import select
import socket
import ssl
import sys
import time

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_EPOCH = 1_000_000_000


class _Timer:
    """A timer that wakes epoll with a resolution below its millisecond."""

    def __init__(self):
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.fd = self._libc.timerfd_create(1, 0o4000)  # CLOCK_MONOTONIC, TFD_NONBLOCK
        self._value = (ctypes.c_long * 4)()

    def set(self, at):
        """Fires at a time of time.monotonic(), at once if that is past."""
        nanoseconds = max(1, int(at * _EPOCH))
        self._value[2], self._value[3] = divmod(nanoseconds, _EPOCH)
        self._libc.timerfd_settime(self.fd, 1, self._value, None)  # TFD_TIMER_ABSTIME


class _Connection:
    """One connection; due is the time when its request was due, None while it is idle."""

    def __init__(self, options, context):
        plain = socket.create_connection(("127.0.0.1", options["port"]), 10)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain, server_hostname=options["host"]) if context else plain
        self.due = None
        self._is_websocket = options.get("websocket", False)
        self._head = b""
        self._missing = -1
        authority = f"{options['host']}:{options['port']}"
        if self._is_websocket:
            self._upgrade(options["path"], authority)
            payload = b"x" * 64
            mask = b"\x11\x22\x33\x44"
            self._request = b"\x82\xc0" + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        else:
            body = b"x" * options.get("body", 0)
            method = "POST" if body else "GET"
            length = f"Content-Length: {len(body)}\r\n" if body else ""
            self._request = f"{method} {options['path']} HTTP/1.1\r\nHost: {authority}\r\n{length}\r\n".encode() + body
        self.socket.setblocking(False)

    def _upgrade(self, path, authority):
        self.socket.sendall((
            f"GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            piece = self.socket.recv(4096)
            if not piece:
                raise SystemExit(f"the upgrade failed: {answer!r}")
            answer += piece
        if not answer.startswith(b"HTTP/1.1 101"):
            raise SystemExit(f"the upgrade failed: {answer!r}")

    def send(self, due):
        self.due = due
        self._missing = 66 if self._is_websocket else -1
        self.socket.send(self._request)

    def receive(self, buffer):
        """Reads what is there; returns True at the end of the response, and None if it is not as expected."""
        while True:
            try:
                count = self.socket.recv_into(buffer)
            except (BlockingIOError, ssl.SSLWantReadError):
                return False
            if count == 0:
                return None
            if self._missing < 0:
                self._head += buffer[:count]
                end = self._head.find(b"\r\n\r\n")
                if end < 0:
                    continue
                length = _LENGTH.search(self._head, 0, end)
                if not self._head.startswith(b"HTTP/1.1 200") or length is None:
                    return None
                self._missing = end + 4 + int(length[1]) - len(self._head)
                self._head = b""
            else:
                self._missing -= count
            if self._missing <= 0:
                return True if self._missing == 0 else None


def run(options):
    """Sends the load; returns the counts and the latencies in microseconds."""
    context = None
    if options.get("tls"):
        context = ssl.create_default_context(cafile=options["ca"])
    connections = {}
    for _ in range(options["connections"]):
        connection = _Connection(options, context)
        connections[connection.socket.fileno()] = connection
    gc.collect()
    gc.disable()
    return _Loop(options, connections).run()


class _Loop:
    def __init__(self, options, connections):
        self._connections = connections
        self._idle = collections.deque(connections.values())
        self._rate = options["rate"]
        self._seconds = options["seconds"]
        self._waiting = collections.deque()
        self._random = random.Random(1)
        self._latencies = []
        self._failed = 0
        self._poll = select.epoll()
        self._timer = _Timer()
        self._poll.register(self._timer.fd, select.EPOLLIN)
        for fd in connections:
            self._poll.register(fd, select.EPOLLIN)

    def run(self):
        buffer = bytearray(256 * 1024)
        start = time.monotonic()
        end = start + self._seconds
        next_due = start
        while True:
            now = time.monotonic()
            if now >= end and (self._in_flight() == 0 or now >= end + 2):
                break
            if self._rate:
                while next_due <= now and next_due < end:
                    self._waiting.append(next_due)
                    next_due += self._random.expovariate(self._rate)
                self._timer.set(next_due if next_due < end else end + 2)
            elif now < end:
                self._waiting.extend([now] * len(self._idle))
                self._timer.set(end)
            self._send_waiting()
            for fd, _ in self._poll.poll(0.1):
                if fd != self._timer.fd:
                    self._receive(fd, buffer)
        self._failed += self._in_flight()
        return self._report(time.monotonic() - start)

    def _in_flight(self):
        return len(self._waiting) + len(self._connections) - len(self._idle)

    def _send_waiting(self):
        while self._waiting and self._idle:
            self._idle.popleft().send(self._waiting.popleft())

    def _receive(self, fd, buffer):
        connection = self._connections.get(fd)
        if connection is None:
            return
        try:
            done = connection.receive(buffer)
        except OSError:
            done = None
        if done:
            self._latencies.append(time.monotonic() - connection.due)
            self._idle.append(connection)
        elif done is None:
            self._failed += 1
            self._poll.unregister(fd)
            del self._connections[fd]
            if connection in self._idle:
                self._idle.remove(connection)
            connection.socket.close()
            if not self._connections:
                raise SystemExit("no connection is left")

    def _report(self, seconds):
        return {"requests": len(self._latencies), "failed": self._failed, "seconds": min(seconds, self._seconds), **percentiles(self._latencies)}


def percentiles(seconds):
    """Returns p50, p99 and p99.9 in microseconds."""
    ordered = sorted(seconds)
    return {
        name: ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e6 if ordered else None
        for name, share in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999))
    }


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.argv[1]))))
