"""Processes that the bench starts: their ports, their end, their CPU time and their memory."""
import ctypes
import os
import signal
import socket
import subprocess
import time

_TICK = os.sysconf("SC_CLK_TCK")
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def free_ports(count):
    """Returns ports that are free now. All are open at once, so that no two are the same."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _die_with_parent():
    # Also when the bench is killed. SIGTERM, because nginx and HAProxy then end their workers.
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Processes:
    """All servers of a run. Leaving the context ends them."""

    def __init__(self, folder):
        self._folder = folder
        self._started = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        for process in reversed(self._started):
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 5
        for process in self._started:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, name, command, ports, environment=None):
        """Starts a server and waits until it accepts connections on its ports."""
        log = os.path.join(self._folder, name + ".log")
        with open(log, "wb") as output:
            # A session of its own: Ctrl-C reaches the bench alone, which then ends the servers in order.
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self._folder,
                env={**os.environ, **(environment or {})}, start_new_session=True, preexec_fn=_die_with_parent)
        self._started.append(process)
        deadline = time.monotonic() + 30
        for port in ports:
            while not _accepts(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    with open(log, encoding="utf-8", errors="replace") as text:
                        raise SystemExit(f"{name} does not listen on port {port}:\n{text.read()[-2000:]}")
                time.sleep(0.02)
        return process.pid


def _accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def family(pid):
    """Returns the process and its descendants."""
    pids = [pid]
    for parent in pids:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children", encoding="ascii") as children:
                    pids += map(int, children.read().split())
        except FileNotFoundError:
            continue
    return pids


def cpu_seconds(pid):
    """Returns the CPU time of a process and its descendants, in user and in kernel mode."""
    total = 0
    for each in family(pid):
        with open(f"/proc/{each}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICK


def memory_mib(pid):
    """Returns the resident memory of a process and its descendants. Pages that they share count once."""
    total = 0
    for each in family(pid):
        with open(f"/proc/{each}/smaps_rollup", encoding="ascii") as rollup:
            total += sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    return total / 1024
