"""Compares proxies on this machine and prints a table of their figures and of the ratios to the first of them.

Every proxy runs for the whole time, with the same number of workers, and they take turns: a turn saturates one proxy, for requests per second
and CPU per request, and then sends at a fixed rate, for latencies. The rate is half of what the slowest of nginx and the controllers reaches.
Figures are medians over the rounds, ratios the medians of the ratios within a round.
"""
import contextlib
import datetime
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass

import backend
import proxies
from cases import CASES
from controller import start_controller
from options import OTHERS, builds, parse, selected
from processes import Processes, cpu_seconds, memory_mib
from report import table

HIGHEST_RATE = 8000  # what the load client sends at exact times with a part of a core


@dataclass
class Turn:
    """What one turn measured."""

    saturated: object
    at_rate: object
    cpu: float
    memory: float


@contextlib.contextmanager
def scraping(address):
    """Reads the metrics of a proxy every second, as Prometheus would more rarely."""
    stop = threading.Event()

    def scrape():
        while not stop.wait(1):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(address, timeout=5).read()

    thread = threading.Thread(target=scrape) if address else None
    if thread:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        if thread:
            thread.join()


class Bench:
    """One run: starts the proxies and gives them their turns."""

    def __init__(self, options, processes, folder):
        self._options = options
        self._builds = builds(options)
        self._processes = processes
        certificate, key = proxies.create_certificate(folder)
        self._settings = proxies.Settings(folder, backend.start(processes, folder), options.workers, certificate, key)
        self._names = [*options.others, *self._builds]
        # The access log is a setting of the start, so that case has proxies of its own.
        self._running = {}
        self.failed = 0

    def _proxy(self, name, observed):
        key = (name, observed)
        if key not in self._running:
            label = f"{name}-observed" if observed else name
            arguments = (self._processes, self._settings, label, observed)
            self._running[key] = OTHERS[name](*arguments) if name in OTHERS else start_controller(*arguments, self._builds[name])
        return self._running[key]

    def run(self, cases):
        """Runs the cases; returns {case: {proxy: [turns]}}."""
        end = time.monotonic() + self._options.minutes * 60
        turns = len(self._names) * (self._options.rounds + 1)
        results, overhead = {}, 0.4
        for number, case in enumerate(cases):
            began = time.monotonic()
            # What the turns of a case took beside their load, such as starting clients, is known after it.
            seconds = min(4, max(0.6, (end - began) / turns / (len(cases) - number) - overhead))
            results[case] = self._run_case(case, seconds)
            overhead = max(0, (time.monotonic() - began) / turns - seconds)
        return results

    def _run_case(self, case, seconds):
        running = {name: self._proxy(name, case.observed) for name in self._names}
        rates = {}
        for name, proxy in running.items():
            # Code that is compiled while it runs takes longest to warm up.
            warm = case.saturate(proxy, seconds * (1.5 if name in self._builds else 0.5), self._settings)
            self._count(case, name, warm)
            rates[name] = warm.rate
        slowest = min(rate for name, rate in rates.items() if name == "nginx" or name in self._builds or len(rates) == 1)
        rate = min(HIGHEST_RATE, slowest / 2)
        result = {name: [] for name in running}
        for number in range(self._options.rounds):
            for name in list(running) if number % 2 == 0 else list(running)[::-1]:
                result[name].append(self._turn(case, name, running[name], seconds, rate))
        summary = ", ".join(f"{name} {statistics.median(turn.saturated.rate for turn in turns):.0f}/s" for name, turns in result.items())
        print(f"{case.name}: {summary}; latencies at {rate:.0f}/s", file=sys.stderr, flush=True)
        return result

    def _turn(self, case, name, proxy, seconds, rate):
        with scraping(proxy.scrape):
            before = cpu_seconds(proxy.pid)
            saturated = case.saturate(proxy, seconds * 0.6, self._settings)
            cpu = cpu_seconds(proxy.pid) - before
            at_rate = case.at_rate(proxy, seconds * 0.4, self._settings, rate)
        for sample in (saturated, at_rate):
            self._count(case, name, sample)
        return Turn(saturated, at_rate, cpu / max(1, saturated.requests) * 1e6, memory_mib(proxy.pid))

    def _count(self, case, name, sample):
        if sample.failed or not sample.requests:
            print(f"{case.name}, {name}: {sample.failed} of {sample.requests + sample.failed} requests failed", file=sys.stderr, flush=True)
            # Those of the others are theirs.
            if name not in OTHERS:
                self.failed += max(1, sample.failed)


def machine():
    """Describes the machine and the versions."""
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as lines:
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    versions = []
    for command, pattern in (("nginx -v", r"nginx/([\d.]+)"), ("haproxy -v", r"version ([\d.]+)"), ("caddy version", r"([\d.]+)")):
        if shutil.which(command.split()[0]):
            output = subprocess.run(command.split(), capture_output=True, text=True, check=False)
            versions.append(f"{command.split()[0]} {re.search(pattern, output.stdout + output.stderr)[1]}")
    load = os.getloadavg()[0]
    return f"{datetime.date.today()}, {os.cpu_count()} cores of {model}, Linux {platform.release()}, load {load:.1f} at the start; {', '.join(versions)}"


def main():
    options = parse(__doc__)
    if options.list:
        for case in CASES:
            print(f"{case.name:12} {case.text}")
        return 0
    # A shell starts background jobs with SIGINT ignored, so both are set.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    start = time.monotonic()
    title = machine()
    folder = tempfile.mkdtemp(prefix="bench-")
    os.chmod(folder, 0o755)  # workers of nginx have a user of their own
    try:
        with Processes(folder) as processes:
            bench = Bench(options, processes, folder)
            results = bench.run(selected(options))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{title}; {options.workers} workers each, {options.rounds} rounds, {time.monotonic() - start:.0f} s\n")
    print(table(results))
    if bench.failed:
        print(f"{bench.failed} requests failed", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
