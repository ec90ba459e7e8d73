"""A backend that echoes WebSocket messages of less than 126 bytes: echo.py PORT."""
import asyncio
import base64
import hashlib
import re
import sys

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Echo(asyncio.Protocol):
    """One connection."""

    def __init__(self):
        self._received = bytearray()
        self._is_open = False

    def connection_made(self, transport):
        self._transport = transport

    def data_received(self, data):
        self._received += data
        if not self._is_open and not self._accept():
            return
        answer = bytearray()
        while len(self._received) >= 2 and len(self._received) >= 6 + (self._received[1] & 0x7F):
            answer += self._unmasked()
        if answer:
            self._transport.write(answer)

    def _accept(self):
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return False
        key = re.search(rb"(?i)\r\nsec-websocket-key: *(\S+)", self._received[:end])
        if key is None:
            self._transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self._transport.close()
            return False
        accept = base64.b64encode(hashlib.sha1(key[1] + _GUID).digest())
        self._transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        del self._received[:end + 4]
        self._is_open = True
        return True

    def _unmasked(self):
        length = self._received[1] & 0x7F
        mask = bytes(self._received[2:6]) * (length // 4 + 1)
        payload = bytes(self._received[6:6 + length])
        frame = bytes((self._received[0], length)) + (
            int.from_bytes(payload, "big") ^ int.from_bytes(mask[:length], "big")).to_bytes(length, "big")
        del self._received[:6 + length]
        return frame


async def _main():
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", int(sys.argv[1]), backlog=4096)
    await server.serve_forever()


asyncio.run(_main())
