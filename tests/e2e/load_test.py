#!/usr/bin/env python3
"""100,000 events from 64 connections through a Broker with three Triggers to real HTTP subscribers, of which
one fails every third request and one is slow: nothing is lost, each matching event reaches each subscriber
at least once, and memory stays flat. How fast the fast one stays is for the benchmarks."""

import asyncio
import multiprocessing
import os
import time
import unittest

import support
from support import Broker, broker, documents, eventually, service, trigger

EVENTS = int(os.environ.get("SLUICE_LOAD_EVENTS", "100000"))
CONNECTIONS = 64
OK = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
FAILED = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"

# Which events a Trigger takes, by the number that is their id. The filter is on an extension.
KINDS = {"fast": lambda number: True,
         "flaky": lambda number: number % 4 == 1,
         "slow": lambda number: number % 20 == 3}


def kind_of(number):
    return "flaky" if KINDS["flaky"](number) else "slow" if KINDS["slow"](number) else "plain"


class FramedHttp(asyncio.Protocol):
    """Cuts a connection into messages; a subclass takes each head."""

    def __init__(self):
        self.buffer = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        while True:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15:].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length:]
            self.take(head)


def serve(kind, port, counts):
    """A subscriber in a process of its own; `counts[number]` is how often it answered 202 to it."""
    seen = 0

    class Subscriber(FramedHttp):
        def take(self, head):
            nonlocal seen
            seen += 1
            if kind == "flaky" and seen % 3 == 0:
                self.transport.write(FAILED)
                return
            at = head.find(b"ce-id:")
            counts[int(head[at + 6:].split(b"\r\n", 1)[0])] += 1
            if kind == "slow":
                asyncio.get_running_loop().call_later(0.05, self.transport.write, OK)
            else:
                self.transport.write(OK)

    async def run():
        server = await asyncio.get_running_loop().create_server(Subscriber, "127.0.0.1", 0)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()

    asyncio.run(run())


class Producer(FramedHttp):
    """One connection: sends the next number when the one before was answered."""

    def __init__(self, numbers, statuses, done):
        super().__init__()
        self.numbers, self.statuses, self.done = numbers, statuses, done

    def connection_made(self, transport):
        super().connection_made(transport)
        self.send()

    def send(self):
        number = next(self.numbers, None)
        if number is None:
            self.transport.close()
            self.done.set_result(None)
            return
        self.transport.write(
            b"POST /default/default HTTP/1.1\r\nHost: x\r\nce-specversion: 1.0\r\n"
            b"ce-type: com.example.load\r\nce-source: /load\r\nce-id: %d\r\nce-kind: %s\r\n"
            b"Content-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"load\":true}"
            % (number, kind_of(number).encode()))

    def take(self, head):
        status = int(head[9:12])
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.send()

    def connection_lost(self, error):
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the broker closed a connection"))


async def produce(port, first, last):
    statuses, numbers = {}, iter(range(first, last))
    loop = asyncio.get_running_loop()
    all_done = [loop.create_future() for _ in range(CONNECTIONS)]
    for done in all_done:
        await loop.create_connection(lambda done=done: Producer(numbers, statuses, done),
                                     "127.0.0.1", port)
    await asyncio.gather(*all_done)
    return statuses


def only(kind):
    return f"  filters:\n    - exact: {{kind: {kind}}}\n"


class HundredThousandEvents(unittest.TestCase):
    def setUp(self):
        context = multiprocessing.get_context("fork")
        self.counts = {kind: context.Array("i", EVENTS, lock=False) for kind in KINDS}
        self.processes, ports = [], {}
        for kind in KINDS:
            ports[kind] = context.Value("i", 0)
            process = context.Process(target=serve, args=(kind, ports[kind], self.counts[kind]),
                                      daemon=True)
            process.start()
            self.processes.append(process)
        eventually(lambda: all(port.value for port in ports.values()), "the subscribers' start")
        # Every third answer is a failure: 11 in a row would come once in 7 runs, 31 never.
        retry = "  delivery: {retry: 30, backoffPolicy: linear, backoffDelay: PT0.02S}\n"
        self.manifest = documents(
            broker(), *[service(kind, f"http://127.0.0.1:{ports[kind].value}/") for kind in KINDS],
            trigger("fast", "fast", delivery=retry),
            trigger("flaky", "flaky", only("flaky"), retry),
            trigger("slow", "slow", only("slow"), retry))

    def tearDown(self):
        for process in self.processes:
            process.kill()
            process.join()

    def missing(self, kind):
        counts = self.counts[kind]
        return [n for n in range(EVENTS) if KINDS[kind](n) and counts[n] == 0]

    def test_each_reaches_each_at_least_once(self):
        with Broker(self.manifest) as server:
            part = EVENTS // 4
            self.assertEqual(asyncio.run(produce(server.port, 0, part)), {202: part})
            warm = server.rss_bytes()
            begin = time.monotonic()
            self.assertEqual(asyncio.run(produce(server.port, part, EVENTS)), {202: EVENTS - part})
            took = time.monotonic() - begin
            for kind in KINDS:
                eventually(lambda kind=kind: not self.missing(kind), f"all of {kind}", 120)
            eventually(lambda: server.metric("sluice_channel_depth_events") == 0, "an empty channel")
            grown = server.rss_bytes() - warm
            self.assertLess(grown, 64e6, "memory grew")

            for kind in KINDS:
                matching = sum(1 for n in range(EVENTS) if KINDS[kind](n))
                labels = {"trigger": kind}
                self.assertEqual(server.metric("sluice_trigger_events_total", outcome="delivered",
                                               **labels), matching)
                self.assertEqual(server.metric("sluice_trigger_events_total", outcome="filtered",
                                               **labels), EVENTS - matching)
                for outcome in ("dropped", "dead_lettered"):
                    self.assertEqual(server.metric("sluice_trigger_events_total", outcome=outcome,
                                                   **labels), 0)
                wrong = [n for n in range(EVENTS) if not KINDS[kind](n) and self.counts[kind][n]]
                self.assertEqual(wrong, [], "delivered to whom it was not for")
            self.assertGreater(server.metric("sluice_trigger_events_total", outcome="retried",
                                             trigger="flaky"), EVENTS / 4 / 4)
            self.assertEqual(server.terminate(), 0)
            print(f"{(EVENTS - part) / took:.0f} events/s, {grown / 1e6:.1f} MB more than a quarter in")


if __name__ == "__main__":
    support.main()
