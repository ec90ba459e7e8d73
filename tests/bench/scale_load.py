"""Scale cases about endpoints that change all the time."""
import json
import os
import subprocess
import sys
import threading
import time

import objects
from cluster import Every
from probe import milliseconds
from scale_routes import churn, flip_endpoint

HERE = os.path.dirname(os.path.abspath(__file__))


def endpoint_churn(_):
    """(f)"""
    def step(rate):
        def run(cluster):
            cluster.start(cluster.applications(5000))
            seconds = 15
            lags, stop = [], threading.Event()
            cluster.api.write(*objects.application("moving", "127.0.0.1", cluster.backend))
            cluster.probe().until("moving", b"a")
            observer = threading.Thread(target=_move, args=(cluster, lags, stop), daemon=True)
            before = cluster.cpu()
            with Every(0.01, lambda i: _flip_many(cluster, i, rate)) if rate > 100 else Every(
                    1 / rate, lambda i: flip_endpoint(cluster, i)) as changes:
                observer.start()
                load = _load(cluster, "app-00000", 500, seconds)
                stop.set()
                observer.join()
            cpu = (cluster.cpu() - before) / seconds
            reached = changes.count * max(1, rate // 100) / seconds
            yield (f"{rate} a second", f"{reached:.0f} a second reached; {cpu:.2f} cores with 500 requests/s, whose p50, p99, p99.9 are {load['p50'] / 1e3:.1f}, {load['p99'] / 1e3:.1f}, "
                   f"{load['p999'] / 1e3:.1f} ms; {cluster.memory():.0f} MiB", "-", None)
            yield f"{rate} a second, failed requests", f"{load['failed']} of {load['requests']}", "0", load["failed"] == 0
            yield f"{rate} a second, a moved endpoint is in use", milliseconds(lags), "-", None

        return run

    return [step(rate) for rate in (10, 100, 1000)]


def _flip_many(cluster, i, rate):
    for k in range(rate // 100):
        flip_endpoint(cluster, i * (rate // 100) + k)


def _move(cluster, lags, stop):
    """Moves the endpoint of one Service to and fro, and measures when requests follow."""
    probe, turn = cluster.probe(), 0
    while not stop.is_set():
        turn += 1
        cluster.api.write(objects.endpoints("moving", ["127.0.0.1"], cluster.other_backend if turn % 2 else cluster.backend))
        lags.append(probe.until("moving", b"b" if turn % 2 else b"a")[0])
        time.sleep(0.05)


def _load(cluster, name, rate, seconds):
    """Requests at a fixed rate from another process."""
    options = {"port": cluster.http, "host": objects.host(name), "path": "/", "connections": 64, "seconds": seconds, "rate": rate}
    result = subprocess.run(
        [sys.executable, os.path.join(HERE, "client.py"), json.dumps(options)], capture_output=True, text=True, timeout=seconds + 30, check=False)
    if result.returncode:
        raise SystemExit(result.stderr)
    return json.loads(result.stdout)


def long_churn(options):
    """(g)"""
    def step(cluster):
        cluster.start(cluster.applications(5000))
        seconds = options.minutes * 60
        samples, failed, requests = [], 0, 0
        end = time.monotonic() + seconds
        with churn(cluster, 2, 1), Every(0.01, lambda i: flip_endpoint(cluster, i)), Every(
                5, lambda _: samples.append((cluster.memory(), cluster.handles()))):
            while time.monotonic() < end:
                load = _load(cluster, "app-00000", 200, min(30, max(5, end - time.monotonic())))
                failed += load["failed"]
                requests += load["requests"]
        fifth = max(1, len(samples) // 5)
        for text, index, allowed in (("memory in MiB", 0, 1.10), ("open handles", 1, 1.10)):
            values = [sample[index] for sample in samples]
            # The first fifth warms up: the second is what the last must not exceed.
            early, late = max(values[fifth:2 * fifth] or values), max(values[-fifth:])
            yield (f"{seconds / 60:.0f} minutes, {text}", f"{values[0]:.0f} at the start, at most {early:.0f} in the second fifth, {late:.0f} in the last", "flat",
                   late <= early * allowed + 2 if options.minutes >= 5 else None)
        time.sleep(20)
        rest = cluster.memory()
        yield f"{seconds / 60:.0f} minutes, 20 s later", f"{rest:.0f} MiB", "150 MiB", rest < 150
        yield f"{seconds / 60:.0f} minutes, failed requests", f"{failed} of {requests}", "0", failed == 0

    return [step]
