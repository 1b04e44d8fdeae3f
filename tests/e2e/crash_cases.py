"""kill -9 at random moments, on each durable channel: what got its 202 reaches every subscriber. Run by
crash_redis_test.py and crash_kafka_test.py; SLUICE_CRASH_ROUNDS says how often (default 2)."""

import os
import random

import durable
from durable import Producer, Record
from support import eventually

ROUNDS = int(os.environ.get("SLUICE_CRASH_ROUNDS", "2"))
MAX_IN_FLIGHT = 16


class CrashCases:
    """For a TestCase with `backend`."""

    def test_killed_processes_lose_nothing_that_was_accepted(self):
        seed = random.randrange(1 << 32)
        chance = random.Random(seed)
        annotations = {name: {"sluice.dev/max-in-flight": MAX_IN_FLIGHT} for name in ("one", "two")}
        with Record() as one, Record() as two:
            text = durable.manifest(self.backend, "crash", {"one": one.url, "two": two.url}, annotations)
            server = durable.serve(self.backend, text)
            current = [server.port]
            with Producer(lambda: current, "/default/crash") as producer:
                for _ in range(ROUNDS):
                    producer.wait_for(chance.randrange(20, 400))
                    server.child.kill()
                    server.__exit__()
                    server = durable.serve(self.backend, text)
                    current = [server.port]
                producer.wait_for(50)
            with server:
                for subscriber in (one, two):
                    subscriber.wait_for_all(producer.accepted)
                self.assertEqual(server.terminate(), 0)
            accepted = len(producer.accepted)
            bound = ROUNDS * (MAX_IN_FLIGHT + producer.most_within(self.backend.untold_s))
            print(f"{self.backend.name}: seed {seed}, {ROUNDS} kills, {accepted} accepted, 0 lost, duplicates "
                  f"{one.duplicates()} and {two.duplicates()}, bound {bound}", flush=True)
            self.assertLessEqual(max(one.duplicates(), two.duplicates()), bound)

    def test_a_killed_server_loses_nothing_and_ingress_says_503_meanwhile(self):
        with Record() as subscriber:
            text = durable.manifest(self.backend, "outage", {"only": subscriber.url})
            with durable.serve(self.backend, text) as server, \
                    Producer(lambda: [server.port], "/default/outage") as producer:
                for _ in range(2):
                    producer.wait_for(200)
                    self.backend.server.kill()
                    before = producer.statuses[503]
                    eventually(lambda: producer.statuses[503] > before + 20, "503s", patience_s=60)
                    self.assertEqual(server.admin_get("/readyz")[0], 503)
                    self.assertEqual(server.admin_get("/healthz")[0], 200)
                    self.backend.server.start()
                    producer.wait_for(100)
                producer.stop()
                subscriber.wait_for_all(producer.accepted)
                eventually(lambda: server.admin_get("/readyz")[0] == 200, "ready again", patience_s=60)
                self.assertIn(503, producer.retry_after)
                self.assertEqual(set(producer.statuses) - {202, 503, 429}, set(), producer.statuses)
                print(f"{self.backend.name}: 2 outages, {len(producer.accepted)} accepted, 0 lost, duplicates "
                      f"{subscriber.duplicates()}, statuses {dict(producer.statuses)}", flush=True)
                self.assertEqual(server.terminate(), 0)
