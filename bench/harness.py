"""Processes on their cores, clocks that do not lie, and runs that are thrown away when they were disturbed.

One server on cpu 0 against one load generator on cpu 1. The metric is CPU time of the server process per
event (/proc/PID/task/*/schedstat): unlike a rate it does not depend on the load generator's own core.
A run in which both together waited for a core for more than 6 % of the time is repeated.
"""

import atexit
import contextlib
import dataclasses
import json
import os
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

DELAY_MAX = 0.06      # Share of the time on the run queue above which a run does not count.
ATTEMPTS = 4          # Then the least disturbed one is kept, and marked.
SERVER_CPU, LOAD_CPU = (0, 1) if (os.cpu_count() or 1) > 1 else (0, 0)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def schedstat(pid):
    """(nanoseconds on a core, nanoseconds waiting for one) of all threads of a process."""
    running = waiting = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
                words = file.read().split()
        except OSError:
            continue
        running += int(words[0])
        waiting += int(words[1])
    return running, waiting


def rss_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) * 1024


def idle_ticks():
    with open("/proc/stat", encoding="ascii") as file:
        cores = [line.split() for line in file if re.match(r"cpu\d", line)]
    return [int(words[4]) + int(words[5]) for words in cores[:2]]


def wait_for_quiet(patience_s):
    """Waits until both cores were idle for most of half a second; gives up after `patience_s`."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        before = idle_ticks()
        time.sleep(0.5)
        if min(b - a for a, b in zip(before, idle_ticks())) >= 44:
            return True
    return False


def prepare(cpu):
    """What a child does before it becomes the program: its core, its priority, its limits."""
    def run():
        os.sched_setaffinity(0, {cpu})
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        try:
            os.setpriority(os.PRIO_PROCESS, 0, -16)
        except PermissionError:
            pass  # Not root: more runs will be thrown away.
    return run


_running = set()


@atexit.register
def stop_all():
    """Whatever ended the harness, nothing that it started stays."""
    for process in list(_running):
        process.stop()


# Ends by itself where the harness was killed.
AWAKE = """
import os, sys
parent, cpu = map(int, sys.argv[1:])
os.sched_setaffinity(0, {cpu})
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
os.setsid()
try:
    with open("/proc/self/autogroup", "w", encoding="ascii") as file:  # Else it competes with kernel threads.
        file.write("19")
except OSError:
    pass
while os.getppid() == parent:
    for _ in range(1_000_000):
        pass
"""


@contextlib.contextmanager
def awake():
    """Keeps the cores from halting, by loops that give way to everything else (SCHED_IDLE). A virtual core that halts
    is woken through the hypervisor, and who wakes it pays: a server that waits for a backend would pay for each batch
    what one whose core is full never pays.
    """
    loops = []
    try:
        for cpu in sorted({SERVER_CPU, LOAD_CPU}):
            loops.append(subprocess.Popen([sys.executable, "-c", AWAKE, str(os.getpid()), str(cpu)]))
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


class Process:
    """A program on one core, ended with the block that it was started in."""

    def __init__(self, command, cpu=SERVER_CPU, port=None, ready=None):
        self.command = [str(word) for word in command]
        self.log = open(os.path.join(workdir(), f"{os.path.basename(self.command[0])}-"
                                     f"{port or 0}.log"), "w+", encoding="utf-8")
        self.started = time.monotonic()
        self.child = subprocess.Popen(self.command, stdout=self.log, stderr=self.log,
                                      stdin=subprocess.DEVNULL, preexec_fn=prepare(cpu))
        self.pid = self.child.pid
        self.port = port
        _running.add(self)
        if port or ready:
            self.wait_until(ready or (lambda: can_connect(port)))

    def wait_until(self, ready, timeout_s=60):
        """Polls until `ready()`; the seconds since the start."""
        while not ready():
            if self.child.poll() is not None or time.monotonic() - self.started > timeout_s:
                self.log.seek(0)
                raise RuntimeError(f"{' '.join(self.command)} did not come up:\n{self.log.read()}")
            time.sleep(0.001)
        return time.monotonic() - self.started

    def rss(self):
        return rss_bytes(self.pid)

    def cpu_ns(self):
        return schedstat(self.pid)[0]

    def stop(self):
        _running.discard(self)
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(3)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def can_connect(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def is_ready(admin_port):
    """Whether a Sluice with that admin port says that it is."""
    try:
        with socket.create_connection(("127.0.0.1", admin_port), 1) as connection:
            connection.sendall(b"GET /readyz HTTP/1.0\r\nHost: x\r\n\r\n")
            return connection.recv(100)[8:12] == b" 200"
    except OSError:
        return False


_workdir = None


def workdir():
    """A directory for logs and manifests, removed at the end unless something failed."""
    global _workdir
    if _workdir is None:
        _workdir = tempfile.mkdtemp(prefix="sluice-bench-")
        atexit.register(shutil.rmtree, _workdir, True)
    return _workdir


@dataclasses.dataclass
class Settings:
    build: str
    rounds: int = 5
    seconds: float = 4.0
    patience_s: float = 20.0

    def program(self, name):
        return os.path.join(self.build, "bench", name)

    @property
    def sluice(self):
        return os.path.join(self.build, "sluice")


class Load:
    """The load generator, connected and waiting; run() lets it go and reads the clocks around it."""

    def __init__(self, settings, port, **options):
        words = [settings.program("load"), "--gate", "--port", str(port)]
        for name, value in options.items():
            flag = "--" + name.replace("_", "-")
            words += [flag] if value is True else [flag, str(value)]
        self.child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                      preexec_fn=prepare(LOAD_CPU))
        line = self.child.stdout.readline()
        if line.strip() != "ready":
            raise RuntimeError(f"{' '.join(words)} did not connect: {line}")

    def run(self, server):
        """One run against `server` (a Process): what the load printed, and the CPU it all took."""
        server_before, load_before = schedstat(server.pid), schedstat(self.child.pid)
        begin = time.monotonic()
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        wall_ns = (time.monotonic() - begin) * 1e9
        server_after, load_after = schedstat(server.pid), schedstat(self.child.pid)
        if not line:
            raise RuntimeError(f"the load generator against {server.command} gave up")
        result = json.loads(line)
        spent = server_after[0] - server_before[0]
        waited = server_after[1] - server_before[1] + load_after[1] - load_before[1]
        result.update(ns=spent / max(1, result["events"]), delay=waited / wall_ns,
                      server_busy=spent / wall_ns,
                      load_busy=(load_after[0] - load_before[0]) / wall_ns)
        return result

    def close(self):
        self.child.stdin.close()
        self.child.stdout.close()
        self.child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def measure(settings, server, keep_awake=False, **options):
    """One undisturbed run of the load generator against `server`."""
    best = None
    options.setdefault("seconds", settings.seconds)
    for _ in range(ATTEMPTS):
        wait_for_quiet(settings.patience_s)
        with Load(settings, server.port, **options) as load, (awake() if keep_awake else contextlib.nullcontext()):
            result = load.run(server)
        if result["bad"] > result["events"] * 0.001:
            raise RuntimeError(f"{server.command[0]} refused {result['bad']} of "
                               f"{result['events']} events")
        if best is None or result["delay"] < best["delay"]:
            best = result
        if best["delay"] <= DELAY_MAX:
            break
    best["noisy"] = best["delay"] > DELAY_MAX
    return best


def interleave(settings, variants):
    """Round 1: A B C, round 2: A B C, ...: {name: [result]}. A variant is a function of no arguments."""
    results = {name: [] for name in variants}
    for _ in range(settings.rounds):
        for name, run in variants.items():
            results[name].append(run())
    return results


@dataclasses.dataclass
class Spread:
    """Several readings of one number."""
    values: list

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def low(self):
        return min(self.values)

    @property
    def high(self):
        return max(self.values)


def ratio(numerator, denominator, key):
    """The ratio round by round: both runs of a round had the same neighbours."""
    return Spread([a[key] / b[key] for a, b in zip(numerator, denominator)])


def spread(results, key):
    return Spread([result[key] for result in results])


def on_interrupt(*_):
    sys.exit(130)


signal.signal(signal.SIGTERM, on_interrupt)
