#!/usr/bin/env python3
"""The examples on Redis and Kafka run as their READMEs say, on real servers."""

import json
import subprocess
import unittest

import durable
import servers
import support
from examples_test import example, expected, fits
from peers_kafka_test import sink
from support import Broker, Display, eventually


class DurableExamples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.redis = durable.start_backend(durable.RedisBackend).server
        cls.kafka = durable.start_backend(durable.KafkaBackend).server
        cls.env = {"REDIS_ADDRESS": cls.redis.address, "KAFKA_BOOTSTRAP": cls.kafka.address}

    @classmethod
    def tearDownClass(cls):
        cls.redis.close()
        cls.kafka.close()

    def assert_printed(self, server, name):
        templates = expected(name)
        eventually(lambda: len(server.out) >= len(templates), f"{templates} printed, not {server.out} {server.err}",
                   patience_s=60)
        for template, line in zip(templates, server.out):
            self.assertTrue(fits(template, line), f"expected {template}\n  printed {line}")

    def run_hello(self, name):
        with Display("--reply", example(name, "step-1.json")) as first, \
                Display("--reply", example(name, "step-2.json")) as second, \
                Broker(path=example(name), env={**self.env, "STEP_1_URL": first.url, "STEP_2_URL": second.url}) as server:
            self.assert_printed(server, name)
            self.assertEqual(first.events()[0]["type"], "dev.knative.sources.ping")
            self.assertEqual(server.terminate(), 0)

    def test_hello_redis(self):
        self.run_hello("hello-redis")

    def test_hello_kafka(self):
        self.run_hello("hello-kafka")

    def test_kafka_to_redis(self):
        with Broker(sink("maker", self.kafka.address, "tickets")) as maker:
            self.assertEqual(maker.send("/default/sinks/maker", type_="com.example.ignored"), 202)
            maker.terminate()
        with Broker(path=example("kafka-to-redis"), env=self.env) as server:
            subprocess.run(["kcat", "-P", "-b", self.kafka.address, "-t", "tickets", "-H",
                            "content-type=application/json"], input='{"text": "I was charged twice"}', text=True,
                           check=True)
            self.assert_printed(server, "kafka-to-redis")
            found = eventually(lambda: json.loads(self.redis.cli("--json", "XRANGE", "routed", "-", "+")), "the entry")
            fields = found[0][1]
            entry = dict(zip(fields[::2], fields[1::2]))
            self.assertEqual((entry["ce_type"], entry["ce_queue"]), ("com.example.ticket.routed", "billing"))
            self.assertEqual(server.terminate(), 0)


if __name__ == "__main__":
    if not servers.shutil.which("kcat"):
        support.skip_all("kcat is not installed")
    support.main()
