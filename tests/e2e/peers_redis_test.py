#!/usr/bin/env python3
"""A foreign peer on Redis: what Sluice writes, redis-cli reads, and the other way round."""

import json
import unittest

import durable
import support
from durable import Record
from support import eventually


def stream_source(address, stream, sink):
    return ("apiVersion: sources.knative.dev/v1alpha1\nkind: RedisStreamSource\nmetadata: {name: feed}\nspec:\n"
            f"  address: {address}\n  stream: {stream}\n  group: readers\n  sink: {{uri: '{sink}'}}\n")


def stream_sink(address, stream):
    return ("apiVersion: sinks.knative.dev/v1alpha1\nkind: RedisStreamSink\nmetadata: {name: out}\nspec:\n"
            f"  address: {address}\n  stream: {stream}\n")


class RedisPeers(durable.OnBackend, unittest.TestCase):
    make = durable.RedisBackend

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.address = cls.backend.server.address

    def cli(self, *command):
        return self.backend.server.cli(*command)

    def entries(self, stream):
        """[{field: value}] as redis-cli shows them."""
        found = json.loads(self.backend.server.cli("--json", "XRANGE", stream, "-", "+"))
        return [dict(zip(fields[::2], fields[1::2])) for _, fields in found]

    def test_a_channels_entries_are_readable_and_writable_for_others(self):
        with Record(hold=True) as subscriber:
            text = durable.manifest(self.backend, "written", {"only": subscriber.url})
            with durable.serve(self.backend, text) as server:
                self.assertEqual(server.send("/default/written", id_="7", data=b'{"a":1}'), 202)
                stream = "sluice:default:written-kne-trigger"
                (entry,) = self.entries(stream)
                self.assertEqual((entry["ce_id"], entry["data"], entry["content-type"]),
                                 ("7", '{"a":1}', "application/json"))
                self.cli("XADD", stream, "*", "ce_specversion", "1.0", "ce_id", "8", "ce_source", "/cli", "ce_type",
                         "t", "data", "hello")
                subscriber.release()
                subscriber.wait_for_all(["7", "8"])
                eventually(lambda: self.cli("XLEN", stream) == "0", "what all have settled is trimmed")
                self.assertEqual(server.terminate(), 0)

    def test_a_source_takes_entries_and_keeps_its_position(self):
        with Record() as subscriber:
            text = stream_source(self.address, "feed", subscriber.url)
            with support.Broker(text) as server:
                eventually(lambda: "readers" in self.cli("XINFO", "GROUPS", "feed"), "the group")
                first = self.cli("XADD", "feed", "*", "fruit", "apple", "count", "3")
                subscriber.wait_for_all([first])
                headers, body = subscriber.received[0]
                self.assertEqual(json.loads(body), ["fruit", "apple", "count", "3"])
                self.assertEqual(headers["ce-type"], "dev.knative.sources.redisstream")
                self.assertEqual(headers["ce-source"], self.address + "/feed")
                self.assertEqual(server.terminate(), 0)
            second = self.cli("XADD", "feed", "*", "fruit", "pear")
            with support.Broker(text) as server:
                subscriber.wait_for_all([second])
                self.assertEqual(subscriber.ids(), [first, second])
                self.assertEqual(server.terminate(), 0)
            self.assertIn("pending\n0", self.cli("XINFO", "GROUPS", "feed"))

    def test_a_source_acks_only_what_its_sink_took(self):
        refusing = support.Subscriber(lambda headers, body: (503, {}, b""))
        with refusing:
            text = stream_source(self.address, "refused", refusing.url).replace(
                "  sink:", "  delivery: {retry: 1000, backoffPolicy: linear, backoffDelay: PT0.01S}\n  sink:")
            with support.Broker(text) as server:
                eventually(lambda: "readers" in self.cli("XINFO", "GROUPS", "refused"), "the group")
                self.cli("XADD", "refused", "*", "a", "b")
                eventually(lambda: len(refusing.ids()) > 2, "attempts")
                self.assertIn("pending\n1", self.cli("XINFO", "GROUPS", "refused"))
                server.terminate()

    def test_a_sink_writes_and_a_source_gives_it_back(self):
        with Record() as subscriber:
            text = support.documents(stream_sink(self.address, "round"),
                                     stream_source(self.address, "round", subscriber.url))
            with support.Broker(text) as server:
                eventually(lambda: "readers" in self.cli("XINFO", "GROUPS", "round"), "the group")
                self.assertEqual(server.send("/default/sinks/out", id_="1", data=b'{"x":1}', colour="red"), 202)
                subscriber.wait_for_all(["1"])
                headers, body = subscriber.received[0]
                self.assertEqual((headers["ce-source"], headers["ce-colour"], body), ("/e2e", "red", b'{"x":1}'))
                self.assertEqual(self.entries("round")[0]["ce_colour"], "red")
                self.assertEqual(server.terminate(), 0)


if __name__ == "__main__":
    support.main()
