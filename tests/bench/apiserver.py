"""An API server in memory: lists, single objects and watches of what the controller reads. Writes come from the bench itself."""
import asyncio
import collections
import json
import threading
import urllib.parse

_PLURALS = {
    "Ingress": "ingresses", "IngressClass": "ingressclasses", "Service": "services", "EndpointSlice": "endpointslices", "Secret": "secrets",
}
_REASONS = {200: "OK", 404: "Not Found", 422: "Unprocessable Entity"}


class ApiServer:
    """Serves on its own thread. A write returns when its event has been handed to the watches."""

    def __init__(self):
        self._objects = collections.defaultdict(dict)
        self._metadata = collections.defaultdict(dict)
        self._history = collections.deque(maxlen=200_000)
        self._watches = collections.defaultdict(set)
        self._version = 1
        self._loop = asyncio.new_event_loop()
        self.port = None

    def __enter__(self):
        started = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(started,), daemon=True)
        self._thread.start()
        started.wait()
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self, started):
        asyncio.set_event_loop(self._loop)

        async def start():
            server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=1 << 20)
            self.port = server.sockets[0].getsockname()[1]
            started.set()

        self._loop.run_until_complete(start())
        self._loop.run_forever()
        for task in (tasks := asyncio.all_tasks(self._loop)):
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    def write_kubeconfig(self, path):
        with open(path, "w", encoding="ascii") as file:
            json.dump({
                "apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}], "users": [{"name": "u", "user": {}}],
            }, file)

    def write(self, *objects):
        """Creates or updates objects, one after the other."""
        done = threading.Event()
        self._loop.call_soon_threadsafe(self._write_all, objects, done)
        done.wait()

    def _write_all(self, objects, done):
        for each in objects:
            self._write(each)
        done.set()

    def _write(self, item):
        plural = _PLURALS[item["kind"]]
        key = (item["metadata"].get("namespace"), item["metadata"]["name"])
        is_new = key not in self._objects[plural]
        self._version += 1
        item["metadata"]["resourceVersion"] = str(self._version)
        item["metadata"].setdefault("uid", f"uid-{plural}-{key[0]}-{key[1]}")
        whole = json.dumps(item, separators=(",", ":")).encode()
        metadata = json.dumps(
            {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}, separators=(",", ":")).encode()
        self._objects[plural][key] = whole
        self._metadata[plural][key] = metadata
        change = (self._version, plural, b"ADDED" if is_new else b"MODIFIED", whole, metadata)
        self._history.append(change)
        for watch in self._watches[plural]:
            watch.send(change)

    async def _accept(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                target = urllib.parse.urlsplit(head.split(" ", 2)[1])
                query = dict(urllib.parse.parse_qsl(target.query))
                if not await self._answer(writer, target.path, query, "as=PartialObjectMetadata" in head):
                    return
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, writer, path, query, is_metadata):
        """Answers one request; returns False if the connection ends with it."""
        parts = path.strip("/").split("/")
        parts = parts[2:] if parts[0] == "api" else parts[3:]
        namespace = parts[1] if len(parts) > 2 and parts[0] == "namespaces" else None
        plural, *name = parts[2:] if namespace else parts or [""]
        objects = (self._metadata if is_metadata else self._objects)[plural]
        if plural not in {*_PLURALS.values(), "configmaps"}:
            await _respond(writer, 404, b'{"kind":"Status","status":"Failure","reason":"NotFound","code":404,"message":"not found"}')
        elif name:
            found = objects.get((namespace, name[0]))
            await _respond(writer, 200 if found else 404, found or b'{"kind":"Status","status":"Failure","reason":"NotFound","code":404}')
        elif "sendInitialEvents" in query:
            await _respond(writer, 422, b'{"kind":"Status","status":"Failure","reason":"Invalid","code":422,"message":"sendInitialEvents is forbidden"}')
        elif "watch" in query:
            await self._watch(writer, plural, query, is_metadata)
            return False
        else:
            items = b",".join(objects.values())
            await _respond(writer, 200, b'{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"%d"},"items":[%s]}' % (self._version, items))
        return True

    async def _watch(self, writer, plural, query, is_metadata):
        watch = _Watch(writer, is_metadata)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
        since = int(query.get("resourceVersion") or 0)
        for change in self._history:
            if change[0] > since and change[1] == plural:
                watch.send(change)
        self._watches[plural].add(watch)
        try:
            await asyncio.sleep(float(query.get("timeoutSeconds", 300)))
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        finally:
            self._watches[plural].discard(watch)


class _Watch:
    def __init__(self, writer, is_metadata):
        self._writer = writer
        self._is_metadata = is_metadata

    def send(self, change):
        _, _, kind, whole, metadata = change
        line = b'{"type":"%s","object":%s}\n' % (kind, metadata if self._is_metadata else whole)
        self._writer.write(b"%x\r\n%s\r\n" % (len(line), line))


async def _respond(writer, status, body):
    writer.write(b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, _REASONS[status].encode(), len(body)) + body)
    await writer.drain()
