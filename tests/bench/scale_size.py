"""Scale cases about large things: many certificates, a large Service, a large file."""
import collections
import json
import os
import socket
import ssl
import threading
import time

import objects
from probe import milliseconds


def tls_hosts(_):
    """(e)"""
    def step(cluster):
        certificates = objects.Certificates(cluster.folder)
        contents = []
        for i in range(5000):
            name = certificates.name(i)
            contents += [certificates.secret(i), objects.service(name), objects.endpoints(name, ["127.0.0.1"], cluster.backend),
                         objects.ingress(name, secret=name)]
        ready = cluster.start(contents)
        yield "start", f"ready after {ready:.1f} s with {cluster.memory():.0f} MiB", "-", None
        wrong, times = 0, {}
        for text, numbers in (("the first 200", range(200)), ("the last 200", range(4800, 5000)), ("all, every tenth", range(0, 5000, 10))):
            times[text] = []
            for i in numbers:
                seconds, is_right = _handshake(cluster, certificates.name(i))
                times[text].append(seconds)
                wrong += not is_right
        for text, seconds in times.items():
            yield f"handshakes, {text}", milliseconds(seconds), "-", None
        yield "wrong certificates", f"{wrong}", "0", wrong == 0
        name = certificates.name(5000)
        cluster.api.write(objects.service(name), objects.endpoints(name, ["127.0.0.1"], cluster.backend), certificates.secret(5000))
        start = time.monotonic()
        cluster.api.write(objects.ingress(name, secret=name))
        while not _handshake(cluster, name)[1]:
            if time.monotonic() > start + 20:
                raise SystemExit(f"{name} has no certificate after 20 s")
        yield "one more host, until its certificate is served", f"{(time.monotonic() - start) * 1e3:.0f} ms", "-", None

    return [step]


def _handshake(cluster, name):
    """Returns the seconds of a handshake, and whether the certificate is that of the host."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    start = time.monotonic()
    with context.wrap_socket(socket.create_connection(("127.0.0.1", cluster.https), 10), server_hostname=objects.host(name)) as tls:
        return time.monotonic() - start, objects.host(name).encode() in tls.getpeercert(True)


def rolled(_):
    """(h)"""
    def step(cluster):
        parts = [cluster.old_pods[i:i + 100] for i in range(0, 1000, 100)]
        cluster.start([objects.service("large", target=cluster.pods), objects.ingress("large"),
                       *(objects.endpoints("large", part, cluster.pods, number) for number, part in enumerate(parts))])
        answers, stop = collections.Counter(), threading.Event()

        def request():
            probe = cluster.probe()
            while not stop.is_set():
                answers[probe.get("large")[0]] += 1

        clients = [threading.Thread(target=request, daemon=True) for _ in range(4)]
        for client in clients:
            client.start()
        before, start = cluster.cpu(), time.monotonic()
        for i in range(0, 1000, 5):  # five Pods at a time, 50 ms apart
            part = parts[i // 100]
            part[i % 100:i % 100 + 5] = cluster.new_pods[i:i + 5]
            cluster.api.write(objects.endpoints("large", part, cluster.pods, i // 100))
            time.sleep(0.05)
        last = time.monotonic()
        cpu = cluster.cpu() - before
        old = _until_only(cluster, set(cluster.new_pods), last)
        stop.set()
        for client in clients:
            client.join()
        failed = sum(count for status, count in answers.items() if status != 200)
        yield "200 changes", f"{last - start:.1f} s with {cpu:.1f} s of CPU for changes and {answers[200]} requests; {cluster.memory():.0f} MiB", "-", None
        yield "failed requests", f"{failed}", "0", failed == 0
        yield "last answer of an old endpoint", f"{old * 1e3:.0f} ms after the last change", "-", None

    return [step]


def _until_only(cluster, allowed, last):
    """Returns how long after the last change an endpoint outside of the set answered, zero if none did."""
    probe, seen, end = cluster.probe(), 0, time.monotonic() + 2
    while time.monotonic() < end:
        if probe.get("large")[1].decode() not in allowed:
            seen = time.monotonic() - last
    return seen


def rewritten_file(_):
    """(i)"""
    def step(cluster):
        folder = os.path.join(cluster.folder, "manifests")
        os.makedirs(folder)
        size = _write_large(cluster, folder, "/")
        ready = cluster.start(manifests=folder)
        time.sleep(2)
        yield "start", f"{size / 1e6:.1f} MB, 5,000 Ingresses: ready after {ready:.1f} s with {cluster.memory():.0f} MiB", "150 MiB", cluster.memory() < 150
        probe, peak, after = cluster.probe(), 0, {}
        _write_large(cluster, folder, "/changed")
        start = time.monotonic()
        live = None
        while (elapsed := time.monotonic() - start) < 30:
            memory = cluster.memory()
            peak = max(peak, memory)
            if live is None and probe.get("app-00001", "/")[0] == 404:
                live = elapsed
            for second in (5, 10, 30):
                if elapsed < second:
                    after[second] = memory
            time.sleep(0.2)  # reading the memory holds the process up
        yield "rewritten", f"live after {live:.1f} s" if live else "not live after 30 s", "-", None
        yield ("rewritten, memory", f"peak {peak:.0f} MiB; {', '.join(f'{memory:.0f} MiB after {second} s' for second, memory in after.items())}",
               "below 200 MiB after seconds", after[10] < 200)

    return [step]


def _write_large(cluster, folder, path):
    notes = "n" * 900
    text = [json.dumps(objects.ingress_class())]
    for i in range(5000):
        service, slices, ingress = objects.application(f"app-{i:05}", "127.0.0.1", cluster.backend)
        ingress["spec"]["rules"][0]["http"]["paths"][0]["path"] = path
        ingress["metadata"]["annotations"]["example.com/notes"] = notes
        text += [_yaml(service), _yaml(slices), _yaml(ingress)]
    content = "\n---\n".join(text)
    with open(os.path.join(folder, "all.new"), "w", encoding="ascii") as file:
        file.write(content)
    os.replace(os.path.join(folder, "all.new"), os.path.join(folder, "all.yaml"))
    return len(content)


def _yaml(value, indent=0):
    """Writes an object in the block style of people."""
    space = " " * indent
    if isinstance(value, dict) and value:
        return "\n".join(
            f"{space}{key}:\n{_yaml(item, indent + 2)}" if isinstance(item, (dict, list)) and item else f"{space}{key}: {json.dumps(item)}"
            for key, item in value.items())
    if isinstance(value, list) and value:
        return "\n".join(f"{space}- {_yaml(item, indent + 2).lstrip()}" for item in value)
    return f"{space}{json.dumps(value)}"
