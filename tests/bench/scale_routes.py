"""Scale cases about routes: how soon they are live, and whether their number matters."""
import collections
import contextlib
import os
import re
import statistics
import subprocess
import threading
import time

import objects
from cluster import Every
from probe import milliseconds, p99


def added(options):
    """(a)"""
    return [lambda cluster: _added(cluster, options.count, 0, "one right after the other", 0.030),
            lambda cluster: _added(cluster, max(20, options.count // 10), 0.15, "after 150 ms without a change", 0.030)]


def _added(cluster, count, pause, text, goal, others=0):
    cluster.start(cluster.applications(others))
    return _add(cluster, count, pause, text, goal)


def _add(cluster, count, pause, text, goal):
    """Adds Ingresses and requests each until it is live."""
    probe = cluster.probe()
    times, wrong = [], collections.Counter()
    for i in range(count):
        service, slices, ingress = objects.application(f"new-{i:05}", "127.0.0.1", cluster.backend)
        cluster.api.write(service, slices)
        time.sleep(pause)
        cluster.api.write(ingress)
        seconds, answers = probe.until(f"new-{i:05}", b"a")
        times.append(seconds)
        wrong += collections.Counter({status: n for status, n in answers.items() if status != 404})
    yield text, f"{milliseconds(times)} from the API's answer to the first 200", f"p99 {goal * 1e3:.0f} ms", p99(times) <= goal
    yield f"{text}, answers other than 404 and 200", f"{sum(wrong.values())} {dict(wrong) if wrong else ''}".strip(), "0", not wrong


def added_under_churn(options):
    """(b)"""
    def step(cluster):
        cluster.start(cluster.applications(5000))
        with churn(cluster, 2, 1):
            yield from _add(cluster, options.count, 0, "one right after the other", 0.050)

    return [step]


@contextlib.contextmanager
def churn(cluster, endpoint_seconds, route_seconds):
    """Changes an endpoint and a route of the 5,000 applications now and then."""
    with Every(endpoint_seconds, lambda i: flip_endpoint(cluster, i)), Every(
            route_seconds, lambda i: cluster.api.write(objects.ingress(f"app-{1 + i % 4999:05}", path=f"/{i}"))):
        yield


def flip_endpoint(cluster, number):
    """Moves the endpoint of one application to the other backend, or back; application 0 stays as it is."""
    port = cluster.other_backend if number // 4999 % 2 == 0 else cluster.backend
    cluster.api.write(objects.endpoints(f"app-{1 + number % 4999:05}", ["127.0.0.1"], port))


def flipped(_):
    """(c)"""
    def step(cluster):
        cluster.start(objects.application("flip", "127.0.0.1", cluster.backend))
        answers, stop = collections.Counter(), threading.Event()

        def request():
            probe = cluster.probe()
            while not stop.is_set():
                answers[probe.get("flip")[0]] += 1

        def flip(i):
            cluster.api.write(
                objects.service("flip", port=80 + i % 2, target=cluster.backend),
                objects.ingress("flip", annotations={"nginx.ingress.kubernetes.io/proxy-read-timeout": str(30 + i % 2)}))

        clients = [threading.Thread(target=request, daemon=True) for _ in range(4)]
        for client in clients:
            client.start()
        with Every(0.2, flip) as flips:
            time.sleep(20)
        stop.set()
        for client in clients:
            client.join()
        failed = sum(count for status, count in answers.items() if status != 200)
        yield "4 clients", f"{answers[200]} answers 200 in {flips.count} changes, others: {failed} {dict(answers) if failed else ''}".strip(), "only 200", not failed

    return [step]


def first_and_last(_):
    """(d)"""
    return [lambda cluster: _ends(cluster, 5000), lambda cluster: _ends(cluster, 50_000)]


def _ends(cluster, count):
    ready = cluster.start(cluster.applications(count))
    memory = cluster.memory()
    names = ("app-00000", f"app-{count - 1:05}")
    cpu, requests, rates = collections.Counter(), collections.Counter(), {name: [] for name in names}
    for turn in range(15):
        for name in names if turn % 2 else names[::-1]:
            before = cluster.cpu()
            count_of_turn, rate = _saturate(cluster, name, 1)
            if turn > 2:  # the first ones warm up
                cpu[name] += cluster.cpu() - before
                requests[name] += count_of_turn
                rates[name].append(rate)
    first, last = (cpu[name] / requests[name] * 1e6 for name in names)
    rate = statistics.median(other / one for one, other in zip(*(rates[name] for name in names)))
    yield f"{count:,} routes", f"CPU per request {first:.1f} and {last:.1f} µs, {last / first:.2f} x; requests/s {rate:.2f} x", "within 5 %", abs(last / first - 1) <= 0.05
    yield f"{count:,} routes, start", f"ready after {ready:.1f} s with {memory:.0f} MiB", "-" if count > 5000 else "150 MiB", memory < 150 if count <= 5000 else None


def _saturate(cluster, name, seconds):
    script = os.path.join(cluster.folder, "count.lua")
    if not os.path.exists(script):
        with open(script, "w", encoding="ascii") as file:
            file.write('done = function(s) io.write(string.format("\\nTOTAL %d %d %d\\n", s.requests, s.duration, s.errors.status)) end')
    result = subprocess.run(
        ["timeout", "--signal=INT", str(seconds), "wrk", "-t1", "-c64", "-d1000s", "-s", script, "-H", f"Host: {objects.host(name)}",
         f"http://127.0.0.1:{cluster.http}/"], capture_output=True, text=True, check=False)
    requests, microseconds, failed = map(int, re.search(r"TOTAL (\d+) (\d+) (\d+)", result.stdout).groups())
    if failed or not requests:
        raise SystemExit(f"{failed} of {requests} requests to {objects.host(name)} failed")
    return requests, requests / microseconds * 1e6
