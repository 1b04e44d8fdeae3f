"""P18 and P19: what a durable channel costs beside the memory channel, accepting (P18, P19) and end to end (P18E,
P19E). The servers share the load generator's core, so rates are shared out: the judged number is the broker's
own CPU time per event, on cores that are kept awake; the rates stand in the note, with the ceiling that the
backend itself has. Where each write waits for the disk (appendfsync always) the rate is judged, on cores left alone:
a virtual machine that is never idle starves its own disk.
"""

import contextlib
import os
import re
import subprocess
import sys

import manifests
from goals import LANES, broker_and, row, sluice
from harness import LOAD_CPU, Process, Spread, free_port, interleave, measure, prepare, ratio, spread, workdir

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tests", "servers"))
import servers  # noqa: E402  pylint: disable=wrong-import-position

PATH = "/default/bench"
TOPIC = "knative-messaging-kafka.default.bench-kne-trigger"
PARTITIONS = 4


def redis_template(address):
    return f"{{apiVersion: sluice.dev/v1alpha1, kind: RedisChannel, spec: {{address: '{address}'}}}}"


KAFKA_TEMPLATE = ("{apiVersion: messaging.knative.dev/v1beta1, kind: KafkaChannel, "
                  f"spec: {{numPartitions: {PARTITIONS}, replicationFactor: 1}}}}")


def on_template(manifest, template):
    """The same manifest with its Broker on another channel."""
    head, *rest = manifest.split("---\n")
    return "---\n".join([head.rstrip("\n") + f"\nspec:\n  channelTemplate: {template}\n", *rest])


@contextlib.contextmanager
def on_load_core(server):
    """A real server of tests/servers on the load generator's core."""
    with server:
        for thread in os.listdir(f"/proc/{server.child.pid}/task"):
            os.sched_setaffinity(int(thread), {LOAD_CPU})
        yield server


def redis_benchmark(server):
    """XADD/s of redis-benchmark, 50 connections, one command at a time, an entry like ours."""
    command = ["redis-benchmark", "-p", str(server.port), "-c", "50", "-n", "50000", "-q", "XADD", "ceiling",
               "MAXLEN", "~", "100000", "*", "ce_id", "1", "ce_source", "/bench", "ce_type", "com.example.bench",
               "data", "x" * 256]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, preexec_fn=prepare(0))
    return float(re.findall(r"([\d.]+) requests per second", ran.stdout)[-1])


def note_of(memory, durable):
    """What both cost, and their rates."""
    rates = [spread(runs, "rate").median for runs in (memory, durable)]
    return (f"memory {spread(memory, 'ns').median:.0f} ns at {rates[0] / 1000:.1f}k/s, "
            f"ours {spread(durable, 'ns').median:.0f} ns at {rates[1] / 1000:.1f}k/s")


def compare(settings, keep_awake=True, **variants):
    """Runs of each (server, options), round by round."""
    return interleave(settings, {
        name: lambda server=server, options=options: measure(settings, server, keep_awake=keep_awake, path=PATH,
                                                             connections=LANES, **options)
        for name, (server, options) in variants.items()})


def redis(settings):
    """P18, P18E: a Broker on a RedisChannel, in each mode of the append-only file."""
    for mode in ("no", "everysec", "always"):
        with on_load_core(servers.Redis(mode)) as server:
            ceiling = redis_benchmark(server)
            manifest = on_template(manifests.broker(), redis_template(server.address))
            with broker_and(settings, manifests.broker(), sluice(settings, manifest)) as (memory, durable):
                runs = compare(settings, mode != "always", memory=(memory, {}), durable=(durable, {}))
            by_cpu = ratio(runs["memory"], runs["durable"], "ns")
            by_rate = Spread([durable["rate"] / min(memory["rate"], ceiling)
                              for memory, durable in zip(runs["memory"], runs["durable"])])
            yield row("P18", f"Redis channel ingress against memory, appendfsync {mode}",
                      by_rate if mode == "always" else by_cpu, 0.40, 0.60, "more",
                      note=f"by CPU {by_cpu.median:.2f}, by rate {by_rate.median:.2f}, "
                           f"{note_of(runs['memory'], runs['durable'])}, backend alone {ceiling / 1000:.1f}k/s",
                      runs=runs.values())
    with on_load_core(servers.Redis("everysec")) as server:
        yield end_to_end(settings, "P18E", "Redis", redis_template(server.address))


def end_to_end(settings, id_, name, template, *flags):
    first, second = free_port(), free_port()
    manifest = on_template(manifests.fanout(1, second), template)
    with broker_and(settings, manifests.fanout(1, first), sluice(settings, manifest, *flags)) as (memory, durable):
        runs = compare(settings, memory=(memory, {"listen": first}), durable=(durable, {"listen": second}))
    return row(id_, f"end to end through {name} against memory", ratio(runs["memory"], runs["durable"], "ns"),
               0.50, 0.50, "more", note=note_of(runs["memory"], runs["durable"]), runs=runs.values())


@contextlib.contextmanager
def mock_cluster(settings):
    """librdkafka's mock cluster in a process of its own; its address."""
    process = Process([settings.program("kafka_mock"), TOPIC, PARTITIONS], cpu=LOAD_CPU)
    log = os.path.join(workdir(), "kafka_mock-0.log")
    with process:
        def address():
            with open(log, encoding="utf-8") as file:
                return re.search(r"bootstrap\.servers=(\S+)", file.read())
        process.wait_until(address)
        yield address()[1]


def kafka(settings):
    """P19, P19E: a Broker on a KafkaChannel, on the mock cluster and on a real broker."""
    with mock_cluster(settings) as address:
        yield from on_kafka(settings, "mock", address)
    try:
        server = servers.Kafka()
    except servers.Unavailable as reason:
        print(f"      P19 on a real broker: {reason}")
        return
    with on_load_core(server):
        yield from on_kafka(settings, "real", server.address)


def on_kafka(settings, name, address):
    flags = ("--kafka-bootstrap-servers", address)
    manifest = on_template(manifests.broker(), KAFKA_TEMPLATE)
    with broker_and(settings, manifests.broker(), sluice(settings, manifest, *flags)) as (memory, durable):
        runs = compare(settings, memory=(memory, {}), durable=(durable, {}))
    yield row("P19", f"Kafka channel ingress against memory, {name} broker",
              ratio(runs["memory"], runs["durable"], "ns"), 0.60, 0.80, "more",
              note=note_of(runs["memory"], runs["durable"]), runs=runs.values())
    # The mock answers a fetch that finds nothing only when its wait is over, whatever was written meanwhile.
    if name == "real":
        yield end_to_end(settings, "P19E", "Kafka", KAFKA_TEMPLATE, *flags)


GOALS = {"P18": redis, "P18E": redis, "P19": kafka, "P19E": kafka}
