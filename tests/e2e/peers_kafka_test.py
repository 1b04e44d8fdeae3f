#!/usr/bin/env python3
"""Foreign peers on Kafka: what Sluice writes, KafkaJS and kcat read, and the other way round."""

import json
import shutil
import subprocess
import unittest

import durable
import support
from clients import NODE, install_node_packages
from durable import Record
from support import eventually


class Peer:
    """KafkaJS in a process of its own (node/kafka.mjs)."""

    def __init__(self, address):
        self.address = address
        self.node = subprocess.Popen(["node", "kafka.mjs"], cwd=NODE, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL, text=True)

    def ask(self, **command):
        self.node.stdin.write(json.dumps({"brokers": self.address, **command}) + "\n")
        self.node.stdin.flush()
        return json.loads(self.node.stdout.readline())

    def produce(self, topic, value, headers=None, key=None):
        self.ask(produce={"topic": topic, "value": value, "headers": headers or {}, "key": key})

    def close(self):
        self.node.stdin.close()
        self.node.stdout.close()
        self.node.wait()


def source(name, address, topic, sink, extra=""):
    return ("apiVersion: sources.knative.dev/v1\nkind: KafkaSource\n"
            f"metadata: {{name: {name}}}\nspec:\n  bootstrapServers: ['{address}']\n  topics: [{topic}]\n"
            f"  initialOffset: earliest\n{extra}  sink: {{uri: '{sink}'}}\n")


def sink(name, address, topic, mode="binary"):
    return ("apiVersion: eventing.knative.dev/v1alpha1\nkind: KafkaSink\n"
            f"metadata: {{name: {name}}}\nspec:\n  bootstrapServers: ['{address}']\n  topic: {topic}\n"
            f"  contentMode: {mode}\n  numPartitions: 1\n  replicationFactor: 1\n")


class KafkaPeers(durable.OnBackend, unittest.TestCase):
    @classmethod
    def make(cls):
        return durable.KafkaBackend(partitions=1)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.address = cls.backend.server.address
        cls.peer = Peer(cls.address)

    @classmethod
    def tearDownClass(cls):
        cls.peer.close()
        super().tearDownClass()

    def kcat(self, topic, count):
        """(headers, key, value) of the first `count` records, as kcat shows them."""
        form = "%h\x01%k\x01%s\n"
        ran = subprocess.run(["kcat", "-C", "-b", self.address, "-t", topic, "-o", "beginning", "-c", str(count),
                              "-q", "-f", form], stdout=subprocess.PIPE, text=True, timeout=60, check=True)
        records = []
        for line in ran.stdout.rstrip("\n").split("\n"):
            headers, key, value = line.split("\x01")
            records.append((dict(pair.split("=", 1) for pair in headers.split(",")), key, value))
        return records

    def test_a_channels_records_are_cloudevents_for_others(self):
        with Record() as subscriber:
            text = durable.manifest(self.backend, "written", {"only": subscriber.url})
            with durable.serve(self.backend, text) as server:
                self.assertEqual(server.send("/default/written", id_="7", partitionkey="k1", data=b'{"a":1}'), 202)
                topic = "knative-messaging-kafka.default.written-kne-trigger"
                (record,) = self.peer.ask(consume={"topic": topic, "count": 1})
                self.assertEqual(record["key"], "k1")
                self.assertEqual(record["value"], '{"a":1}')
                self.assertEqual(record["headers"]["ce_id"], "7")
                self.assertEqual(record["headers"]["ce_specversion"], "1.0")
                self.assertEqual(record["headers"]["ce_type"], "com.example.test")
                self.assertEqual(record["headers"]["content-type"], "application/json")
                if shutil.which("kcat"):
                    headers, key, value = self.kcat(topic, 1)[0]
                    self.assertEqual((headers["ce_id"], key, value), ("7", "k1", '{"a":1}'))
                # And what others write to the topic as CloudEvents reaches the Triggers.
                self.peer.produce(topic, '{"b":2}', {"ce_specversion": "1.0", "ce_id": "8", "ce_source": "/js",
                                                     "ce_type": "t", "content-type": "application/json"}, key="k2")
                subscriber.wait_for_all(["7", "8"])
                headers, body = subscriber.received[-1]
                self.assertEqual((headers["ce-source"], body), ("/js", b'{"b":2}'))
                self.assertEqual(server.terminate(), 0)

    def test_a_source_takes_events_and_plain_records(self):
        self.make_topic("orders")
        with Record() as subscriber:
            text = source("orders", self.address, "orders", subscriber.url,
                          "  ceOverrides: {extensions: {origin: test}}\n")
            with support.Broker(text) as server:
                self.peer.produce("orders", "plain", {"X-App.Name": "shop", "content-type": "text/plain"}, key="k")
                self.peer.produce("orders", "{}", {"ce_specversion": "1.0", "ce_id": "e", "ce_source": "/js",
                                                   "ce_type": "t"})
                self.peer.produce("orders", '{"specversion":"1.0","id":"s","source":"/js","type":"t","data":{"c":3}}',
                                  {"content-type": "application/cloudevents+json"})
                eventually(lambda: len(subscriber.ids()) == 4, "that of make_topic and three more", patience_s=60)
                received = {headers["ce-id"]: (headers, body) for headers, body in subscriber.received}
                headers, body = received["partition:0/offset:1"]
                self.assertEqual(body, b"plain")
                expected = {"ce-type": "dev.knative.kafka.event", "ce-subject": "partition:0#1", "ce-key": "k",
                            "ce-source": "/apis/v1/namespaces/default/kafkasources/orders#orders",
                            "ce-partitionkey": "k", "ce-kafkaheaderxappname": "shop", "content-type": "text/plain",
                            "ce-knativekafkapartition": "0", "ce-knativekafkaoffset": "1", "ce-origin": "test"}
                self.assertEqual({name: headers.get(name) for name in expected}, expected)
                self.assertEqual(received["e"][0]["ce-source"], "/js")
                self.assertEqual(received["e"][0]["ce-knativekafkaoffset"], "2")
                self.assertEqual(received["s"][1], b'{"c":3}')
                eventually(lambda: server.metric("sluice_source_events_total", source="orders",
                                                 outcome="delivered") == 4, "the metric")
                self.assertEqual(server.terminate(), 0)

    def make_topic(self, topic):
        """Sluice creates topics for sinks that say how."""
        with support.Broker(sink("maker", self.address, topic)) as server:
            self.assertEqual(server.send("/default/sinks/maker", id_="made"), 202)
            (record,) = self.peer.ask(consume={"topic": topic, "count": 1})
            self.assertEqual(record["headers"]["ce_id"], "made")
            self.assertEqual(server.terminate(), 0)

    def test_a_sources_position_survives_restarts(self):
        self.make_topic("restarts")
        with Record() as subscriber:
            text = source("restarts", self.address, "restarts", subscriber.url)
            with support.Broker(text) as server:
                self.peer.produce("restarts", "one")
                eventually(lambda: len(subscriber.ids()) == 2, "the first two", patience_s=60)
                self.assertEqual(server.terminate(), 0)
            self.peer.produce("restarts", "two")
            with support.Broker(text) as server:
                eventually(lambda: len(subscriber.ids()) == 3, "the third", patience_s=60)
                self.assertEqual(server.terminate(), 0)
            self.assertEqual([body for _, body in subscriber.received][1:], [b"one", b"two"])

    def test_a_sink_writes_both_modes(self):
        text = support.documents(sink("binary", self.address, "sunk-binary"),
                                 sink("structured", self.address, "sunk-structured", "structured"))
        with support.Broker(text) as server:
            self.assertEqual(server.send("/default/sinks/binary", id_="1", partitionkey="p", data=b'{"x":1}'), 202)
            self.assertEqual(server.send("/default/sinks/structured", id_="2", data=b'{"x":2}'), 202)
            (binary,) = self.peer.ask(consume={"topic": "sunk-binary", "count": 1})
            self.assertEqual((binary["key"], binary["value"], binary["headers"]["ce_id"]), ("p", '{"x":1}', "1"))
            (structured,) = self.peer.ask(consume={"topic": "sunk-structured", "count": 1})
            self.assertTrue(structured["headers"]["content-type"].startswith("application/cloudevents+json"))
            event = json.loads(structured["value"])
            self.assertEqual((event["id"], event["data"]), ("2", {"x": 2}))
            self.assertEqual(server.terminate(), 0)


if __name__ == "__main__":
    install_node_packages()
    support.main()
