"""The goals, one function each: what is run, and which number of it is judged.

A function yields Rows. The limits `must` and `goal` are owed and aimed at; `better` says in which
direction the number is good. bench/README.md explains the rows.
"""

import contextlib
import dataclasses
import json
import os
import subprocess
import time

import manifests
from harness import (LOAD_CPU, SERVER_CPU, Load, Process, Spread, free_port, interleave, is_ready, measure,
                     prepare, ratio, spread, wait_for_quiet, workdir)

LANES = 64
MATCH = "com.example.match"


@dataclasses.dataclass
class Row:
    id: str
    what: str
    value: Spread
    must: float
    goal: float
    better: str          # "more" or "less"
    unit: str = ""
    note: str = ""
    noisy: bool = False


def row(id_, what, value, must, goal, better, unit="", note="", runs=()):
    noisy = any(result.get("noisy") for results in runs for result in results)
    return Row(id_, what, value, must, goal, better, unit, note, noisy)


# The programs that are measured.

def sluice(settings, manifest, *flags):
    """Sluice on one core with that manifest; the address of its broker is /default/bench."""
    port, admin = free_port(), free_port()
    path = os.path.join(workdir(), f"manifest-{port}.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(manifest)
    return Process([settings.sluice, "serve", "-f", path, "--listen", f"127.0.0.1:{port}",
                    "--admin", f"127.0.0.1:{admin}", "--threads", "1", "--log-level", "warn",
                    *flags], port=port, ready=lambda: is_ready(admin))


def ceiling(settings, name, *words):
    port = free_port()
    return Process([settings.program(name), port, *words], port=port)


def subscriber(settings, mode, port=None):
    """A slim subscriber in a process of its own, on the load generator's core."""
    port = port or free_port()
    return Process([settings.program("sink"), port, mode], cpu=LOAD_CPU, port=port)


def nginx(sink_port):
    """(process on the port that answers 202, the port that proxies to `sink_port`)"""
    accept, proxy = free_port(), free_port()
    directory = os.path.join(workdir(), f"nginx-{accept}")
    os.makedirs(directory)
    with open(os.path.join(os.path.dirname(__file__), "ceilings", "nginx.conf.in"),
              encoding="utf-8") as file:
        text = file.read()
    for name, value in {"DIR": directory, "ACCEPT_PORT": accept, "PROXY_PORT": proxy,
                        "SINK_PORT": sink_port}.items():
        text = text.replace(f"@{name}@", str(value))
    path = os.path.join(directory, "nginx.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return Process(["/usr/sbin/nginx", "-c", path, "-p", directory], port=accept), proxy


def ns_note(**results):
    """CPU per event of each side, and how full the load generator's core was."""
    parts = [f"{name} {spread(runs, 'ns').median:.0f} ns at {spread(runs, 'rate').median / 1000:.1f}k/s"
             for name, runs in results.items()]
    busiest = max(spread(runs, "load_busy").median for runs in results.values())
    return ", ".join(parts) + f"; load core {busiest:.0%}"


@contextlib.contextmanager
def broker_and(settings, manifest, *others):
    """Sluice and its ceilings, all up at once; idle ones cost nothing."""
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(sluice(settings, manifest))
        yield (ours, *[stack.enter_context(other) for other in others])


# Ingress.

def ingress(settings):
    """P1, P2, P3: accept one event of 256 bytes into a memory channel without triggers."""
    proxy, _ = nginx(free_port())
    path = "/default/bench"
    with broker_and(settings, manifests.broker(), ceiling(settings, "lean_beast"), proxy) as (
            ours, lean, nginx202):
        runs = interleave(settings, {
            "lean": lambda: measure(settings, lean, path=path, connections=LANES),
            "ours": lambda: measure(settings, ours, path=path, connections=LANES),
            "nginx": lambda: measure(settings, nginx202, path=path, connections=LANES),
            "structured": lambda: measure(settings, ours, path=path, connections=LANES,
                                          structured=True),
        })
    lean, ours, nginx202, structured = (runs[k] for k in ("lean", "ours", "nginx", "structured"))
    yield row("P1", "ingress against lean Beast", ratio(lean, ours, "ns"), 0.60, 0.75, "more",
              note=ns_note(lean=lean, ours=ours), runs=(lean, ours))
    yield row("P2", "ingress against nginx 202", ratio(nginx202, ours, "ns"), 0.55, 0.75, "more",
              note=ns_note(nginx=nginx202, ours=ours), runs=(nginx202, ours))
    yield row("P3", "structured against binary", ratio(ours, structured, "ns"), 0.70, 0.80, "more",
              note=ns_note(binary=ours, structured=structured), runs=(ours, structured))


def accept_latency(settings):
    """P7: p99 of accepting at half of our own peak, open loop, against the raw server at that rate."""
    path = "/default/bench"
    with broker_and(settings, manifests.broker(), ceiling(settings, "raw_epoll")) as (ours, raw):
        peak = measure(settings, ours, path=path, connections=LANES)["rate"]
        runs = interleave(settings, {
            name: lambda server=server: flat(measure(settings, server, path=path, connections=LANES,
                                                     rate=peak / 2), "accept_us")
            for name, server in (("raw", raw), ("ours", ours))
        })
    raw, ours = runs["raw"], runs["ours"]
    yield row("P7", f"p99 of accepting at {peak / 2000:.0f}k/s against raw epoll",
              ratio(ours, raw, "p99"), 12, 6, "less", "x",
              f"raw {spread(raw, 'p99').median:.0f} us, ours {spread(ours, 'p99').median:.0f} us",
              (raw, ours))


def flat(result, which):
    """The latencies `which` beside the other numbers of a run."""
    return {**result, **result[which]}


def sizes(settings):
    """P12, P13: data of 16 KB against 256 bytes; 1 MB against nginx."""
    path = "/default/bench"
    proxy, _ = nginx(free_port())
    million = 1_000_000
    with broker_and(settings, manifests.broker(), proxy) as (ours, nginx202):
        runs = interleave(settings, {
            "small": lambda: measure(settings, ours, path=path, connections=LANES),
            "16K": lambda: measure(settings, ours, path=path, connections=LANES, data_bytes=16384),
            "1M": lambda: measure(settings, ours, path=path, connections=LANES, data_bytes=million),
            "nginx": lambda: measure(settings, nginx202, path=path, connections=LANES,
                                     data_bytes=million),
        })
    small, medium, large, nginx202 = (runs[k] for k in ("small", "16K", "1M", "nginx"))
    yield row("P12", "16 KB of data against 256 B", ratio(medium, small, "ns"), 2.0, 1.5, "less", "x",
              ns_note(small=small, medium=medium), (small, medium))
    yield row("P13", "1 MB of data against nginx 202", ratio(large, nginx202, "ns"), 2.0, 1.0, "less",
              "x", ns_note(nginx=nginx202, ours=large), (large, nginx202))


def connections(settings):
    """P14: 4000 connections against 64."""
    path = "/default/bench"
    with sluice(settings, manifests.broker()) as ours:
        runs = interleave(settings, {
            "64": lambda: measure(settings, ours, path=path, connections=64),
            "4000": lambda: measure(settings, ours, path=path, connections=4000),
        })
    yield row("P14", "4000 connections against 64", ratio(runs["4000"], runs["64"], "ns"), 2.0, 1.4,
              "less", "x", ns_note(few=runs["64"], many=runs["4000"]), runs.values())


# Whole pipeline. An event is done when its 202 and all its deliveries are here.

def end_to_end(settings):
    """P4, P8: one delivery an event, against nginx as a proxy."""
    listen = free_port()
    front, proxy_port = nginx(listen)
    path = "/default/bench"
    with broker_and(settings, manifests.fanout(1, listen), front) as (ours, proxy):
        proxy.port = proxy_port
        runs = interleave(settings, {
            name: lambda server=server: measure(settings, server, path=path, connections=LANES,
                                                listen=listen)
            for name, server in (("nginx", proxy), ("ours", ours))
        })
        nginx_runs, our_runs = runs["nginx"], runs["ours"]
        yield row("P4", "end to end 1:1 against nginx proxy", ratio(nginx_runs, our_runs, "ns"),
                  0.60, 0.80, "more", note=ns_note(nginx=nginx_runs, ours=our_runs),
                  runs=(nginx_runs, our_runs))
        half = spread(our_runs, "rate").median / 2
        runs = interleave(settings, {
            name: lambda server=server: flat(measure(settings, server, path=path, connections=LANES,
                                                     listen=listen, rate=half), "delivery_us")
            for name, server in (("nginx", proxy), ("ours", ours))
        })
    nginx_runs, our_runs = runs["nginx"], runs["ours"]
    yield row("P8", f"p99 end to end at {half / 1000:.0f}k/s against nginx proxy",
              ratio(our_runs, nginx_runs, "p99"), 3, 1.5, "less", "x",
              f"nginx {spread(nginx_runs, 'p99').median:.0f} us, "
              f"ours {spread(our_runs, 'p99').median:.0f} us", (nginx_runs, our_runs))


def client_ceiling(settings, sink):
    """One run of the outgoing ceiling on the server's core; it counts its own CPU."""
    wait_for_quiet(settings.patience_s)
    ran = subprocess.run([settings.program("client"), str(sink.port), str(LANES),
                          str(settings.seconds), "256"],
                         stdout=subprocess.PIPE, text=True, check=True, preexec_fn=prepare(SERVER_CPU))
    result = json.loads(ran.stdout)
    return {"ns": result["cpu_ns"], "rate": result["rate"]}


def fan_out(settings):
    """P5, P6: ten deliveries an event, against the reference pipeline and the bare client."""
    listen = free_port()
    port = free_port()
    path = "/default/bench"
    mini = Process([settings.program("mini_broker"), port, listen, 10, LANES], port=port)
    with broker_and(settings, manifests.fanout(10, listen), mini,
                    subscriber(settings, "accept")) as (ours, mini, sink):
        runs = interleave(settings, {
            "mini": lambda: measure(settings, mini, path=path, connections=LANES, listen=listen,
                                    fanout=10),
            "ours": lambda: measure(settings, ours, path=path, connections=LANES, listen=listen,
                                    fanout=10),
            "client": lambda: client_ceiling(settings, sink),
        })
    mini, ours = runs["mini"], runs["ours"]
    yield row("P5", "fan-out of 10 against the reference pipeline", ratio(mini, ours, "ns"), 0.55,
              0.75, "more", note=ns_note(mini=mini, ours=ours), runs=(mini, ours))
    per_delivery = [{"ns": result["ns"] / 10} for result in ours]
    yield row("P6", "fan-out of 10 against the bare client", ratio(runs["client"], per_delivery, "ns"),
              0.45, 0.60, "more",
              note=f"client {spread(runs['client'], 'ns').median:.0f} ns, ours "
                   f"{spread(per_delivery, 'ns').median:.0f} ns a delivery", runs=(ours,))


def many_triggers(settings, id_, dialects, must, goal):
    listen = free_port()
    for dialect in dialects:
        with contextlib.ExitStack() as stack:
            one, many = (stack.enter_context(sluice(settings, manifests.filtered(dialect, n, listen)))
                         for n in (1, 10_000))
            runs = interleave(settings, {
                name: lambda server=server: measure(settings, server, path="/default/bench",
                                                    connections=LANES, listen=listen, type=MATCH)
                for name, server in (("one", one), ("many", many))
            })
        yield row(id_, f"10,000 {dialect} filters against 1", ratio(runs["many"], runs["one"], "ns"),
                  must, goal, "less", "x", ns_note(one=runs["one"], many=runs["many"]), runs.values())


def exact_filters(settings):
    """P9"""
    return many_triggers(settings, "P9", ["exact"], 1.5, 1.10)


def affix_filters(settings):
    """P10"""
    return many_triggers(settings, "P10", ["prefix", "suffix"], 2.0, 1.25)


def filter_bench(settings, pattern):
    """{name of a benchmark: [result of a round]} of those in filter_bench that match; `ns` is of CPU, for an event."""
    wait_for_quiet(settings.patience_s)
    ran = subprocess.run([settings.program("filter_bench"), f"--benchmark_filter={pattern}", "--benchmark_min_time=0.2",
                          f"--benchmark_repetitions={settings.rounds}", "--benchmark_format=json"],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True,
                         preexec_fn=prepare(SERVER_CPU))
    results = {}
    for result in json.loads(ran.stdout)["benchmarks"]:
        if result.get("error_occurred"):
            raise RuntimeError(result["error_message"])
        if result["run_type"] == "iteration":
            result["ns"] = result["cpu_time"]
            results.setdefault(result["run_name"], []).append(result)
    return results


def routing(settings):
    """ROUTE: an event that nobody wants, with 10,000 triggers against 1: through the broker, and the index alone."""
    for dialect in ("exact", "prefix", "suffix"):
        with contextlib.ExitStack() as stack:
            one, many = (stack.enter_context(sluice(settings, manifests.filtered(dialect, n, 9))) for n in (1, 10_000))
            runs = interleave(settings, {
                name: lambda server=server: measure(settings, server, path="/default/bench", connections=LANES,
                                                    type="com.example.nobody")
                for name, server in (("one", one), ("many", many))
            })
        yield row("ROUTE", f"events past 10,000 {dialect} filters against past 1",
                  ratio(runs["one"], runs["many"], "ns"), 0.5, 0.9, "more", note=ns_note(one=runs["one"], many=runs["many"]), runs=runs.values())
    alone = filter_bench(settings, "BM_NoneMatches/exact/(1|10000)$")
    one, many = (alone[f"BM_NoneMatches/exact/{n}"] for n in (1, 10_000))
    yield row("ROUTE", "the same by the index alone, exact", ratio(one, many, "ns"), 0.5, 0.9, "more",
              note=f"1: {spread(one, 'ns').median:.0f} ns, 10,000: {spread(many, 'ns').median:.0f} ns")


def cesql_filters(settings):
    """P11: a hundred distinct expressions, all of whose clauses have to be looked at."""
    runs = filter_bench(settings, "BM_AskEach(Exact/100$|Cesql)")

    def each(name):
        return Spread([result["each"] * 1e9 for result in runs[name]])

    exact = each("BM_AskEachExact/100").median
    for clauses, must in ((1, 200), (5, 300)):
        value = each(f"BM_AskEachCesql/clauses:{clauses}")
        yield row("P11", f"CESQL, 100 distinct expressions, {clauses} clause{'s' if clauses > 1 else ''}: each", value,
                  must, 200, "less", "ns", f"{value.median / exact:.0f} x an exact filter, {exact:.1f} ns")


def isolation(settings):
    """P20: one of a hundred triggers hangs; the p99 of the other ninety-nine."""
    listen = free_port()

    def manifest(last):
        return (manifests.fanout(99, listen) + "---\n" + manifests.service("last", last) + "---\n"
                + manifests.trigger("last", "last"))

    with contextlib.ExitStack() as stack:
        good = stack.enter_context(subscriber(settings, "accept"))
        bad = stack.enter_context(subscriber(settings, "hang"))
        base = stack.enter_context(sluice(settings, manifest(good.port)))
        hung = stack.enter_context(sluice(settings, manifest(bad.port)))
        runs = interleave(settings, {
            name: lambda server=server: flat(
                measure(settings, server, path="/default/bench", connections=LANES, listen=listen,
                        fanout=99, rate=300), "delivery_us")
            for name, server in (("base", base), ("hung", hung))
        })
    yield row("P20", "p99 of 99 triggers while the 100th hangs, against none hanging",
              ratio(runs["hung"], runs["base"], "p99"), 2.0, 1.2, "less", "x",
              f"{spread(runs['base'], 'p99').median:.0f} us, then "
              f"{spread(runs['hung'], 'p99').median:.0f} us", runs.values())


# Memory.

def fill(settings, server, count, **options):
    """Sends exactly `count` events; what they have added to the server's memory, in bytes."""
    before = server.rss()
    with Load(settings, server.port, path="/default/bench", connections=LANES, count=count,
              **options) as load:
        result = load.run(server)
        if result["bad"]:
            raise RuntimeError(f"{result['bad']} of {count} events were refused")
    return server.rss() - before


def settle(server, patience_s=60):
    """Waits until the server has nothing to do."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        before = server.cpu_ns()
        time.sleep(0.5)
        if server.cpu_ns() - before < 10e6:
            return


def memory(settings):
    """P15, RSS, MEM: each figure is the growth of the resident set."""
    def single(value):
        return Spread([value])

    with sluice(settings, manifests.broker()) as ours:
        settle(ours)
        yield row("RSS", "idle process", single(ours.rss() / 1e6), 30, 15, "less", "MB")
        before = ours.rss()
        count = 8000
        with Load(settings, ours.port, path="/default/bench", connections=count, count=count) as load:
            load.run(ours)
            yield row("P15", "idle keep-alive connection", single((ours.rss() - before) / count),
                      8192, 4096, "less", "B")

    count = 100_000
    with subscriber(settings, "hang") as dead:
        def queued(triggers, data_bytes):
            with sluice(settings, manifests.fanout(triggers, dead.port)) as ours:
                fill(settings, ours, 2000)  # Pools and connections are there before we count.
                return fill(settings, ours, count, data_bytes=data_bytes) / count

        one, ten = queued(1, 256), queued(10, 256)
        attributes = 313  # Names and values of what load.cc sends, beside the data.
        yield row("P15", "queued event of 256 B, over its bytes", single(one - attributes - 256), 400,
                  200, "less", "B", f"{one:.0f} B in all")
        yield row("P15", "further reference to a queued event", single((ten - one) / 9), 64, 32,
                  "less", "B")
        yield row("MEM", "queued event of 1 KB", single(queued(1, 1024)), 2048, 1500, "less", "B")

    for what, manifest in (("idle trigger", lambda count: manifests.filtered("exact", count, 9)),
                           ("idle trigger with a URL of its own", lambda count: manifests.hooks(count, 9))):
        with sluice(settings, manifest(1)) as few, sluice(settings, manifest(10_000)) as many:
            settle(few)
            settle(many)
            yield row("P15", what, single((many.rss() - few.rss()) / 10_000), 4096, 2048, "less", "B")


def backlog(settings):
    """P21 and the last of P15: ingress with a million events waiting for their retry."""
    pending = 1_000_000
    path = "/default/bench"
    with contextlib.ExitStack() as stack:
        refusing = stack.enter_context(subscriber(settings, "refuse"))
        waiting = (manifests.broker(3 * pending, "8Gi") + "---\n"
                   + manifests.service("sink", refusing.port) + "---\n"
                   # 16 times as many may wait for a retry.
                   + manifests.trigger("t", "sink", "exact: {type: com.example.retry}",
                                       manifests.MUCH_LATER, max_in_flight=pending // 16))
        full, empty = (stack.enter_context(sluice(settings, waiting)) for _ in range(2))
        grown = fill(settings, full, pending, type="com.example.retry", data_bytes=256)
        settle(full)
        # A waiting retry holds the event too, and the same event waiting in the queue is what it is
        # compared with.
        hanging = stack.enter_context(subscriber(settings, "hang"))
        queueing = stack.enter_context(sluice(settings, manifests.fanout(1, hanging.port)))
        fill(settings, queueing, 2000)
        queued = fill(settings, queueing, 100_000) / 100_000
        yield row("P15", "pending retry, over its event in the queue",
                  Spread([grown / pending - queued]), 128, 48, "less", "B",
                  f"{grown / pending:.0f} B with its event")
        runs = interleave(settings, {
            name: lambda server=server: measure(settings, server, path=path, connections=LANES)
            for name, server in (("empty", empty), ("full", full))
        })
    yield row("P21", "ingress with 1,000,000 retries pending, against none",
              ratio(runs["empty"], runs["full"], "ns"), 0.7, 0.9, "more",
              note=ns_note(empty=runs["empty"], full=runs["full"]), runs=runs.values())


# Starting.

def start_up(settings):
    """Time until everything is ready: the port is open before that."""
    def seconds(manifest):
        wait_for_quiet(settings.patience_s)
        begin = time.monotonic()
        with sluice(settings, manifest):
            return {"ms": (time.monotonic() - begin) * 1000}

    small, large = manifests.mixed(100), manifests.filtered("exact", 10_000, 9)
    runs = interleave(settings, {"small": lambda: seconds(small), "large": lambda: seconds(large)})
    yield row("START", "start with 100 resources", spread(runs["small"], "ms"), 100, 50, "less", "ms")
    yield row("LOAD", "start with 10,000 triggers", spread(runs["large"], "ms"), 2000, 1000, "less",
              "ms")


def code_size(settings):
    """P22: instructions per accepted event without sockets, counted by callgrind: the same every time."""
    program = settings.program("accept_path")

    def instructions(events):
        out = os.path.join(workdir(), "callgrind.out")
        ran = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", program,
                              str(events)], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                             check=True)
        return int(ran.stderr.rsplit("Collected : ", 1)[1].split()[0])

    per_event = (instructions(3000) - instructions(1000)) / 2000
    with open(os.path.join(os.path.dirname(__file__), "baseline.txt"), encoding="ascii") as file:
        baseline = float(file.read().split()[0])
    yield row("P22", "instructions per accepted event against the last recorded",
              Spread([per_event / baseline]), 1.05, 1.02, "less", "x", f"{per_event:.0f} instructions")


# In the order of the table.
GOALS = {
    "P1": ingress, "P2": ingress, "P3": ingress, "P4": end_to_end, "P5": fan_out, "P6": fan_out,
    "P7": accept_latency, "P8": end_to_end, "P9": exact_filters, "P10": affix_filters,
    "ROUTE": routing, "P11": cesql_filters,
    "P12": sizes, "P13": sizes, "P14": connections, "P15": memory, "P20": isolation, "P21": backlog,
    "P22": code_size, "START": start_up, "LOAD": start_up, "RSS": memory, "MEM": memory,
}
