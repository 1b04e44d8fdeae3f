#!/usr/bin/env python3
"""Every example runs as its README says, and the broker prints what its expected.txt shows.

expected.txt is a template: `…` stands for what differs from run to run (ids, times, ports)."""

import json
import os
import re
import subprocess
import unittest

import support
from support import Broker, Display, Subscriber, eventually

EXAMPLES = os.path.join(support.ROOT, "examples")


def example(*parts):
    return os.path.join(EXAMPLES, *parts)


def expected(name):
    with open(example(name, "expected.txt"), encoding="utf-8") as file:
        return file.read().rstrip("\n").split("\n")


def fits(template, line):
    pattern = ".*".join(re.escape(part) for part in template.split("…"))
    return re.fullmatch(pattern, line) is not None


class Examples(unittest.TestCase):
    def assert_printed(self, broker, name, in_order=True):
        """Waits until the broker has printed as many lines as expected.txt has, then compares."""
        templates = expected(name)
        eventually(lambda: len(broker.out) >= len(templates), f"{templates} printed, not {broker.out}")
        lines = list(broker.out)[:len(templates)]
        for template in templates:
            found = [line for line in lines if fits(template, line)]
            if in_order:
                found = [line for line in lines[:1] if fits(template, line)]
            self.assertTrue(found, f"expected {template}\n  printed {lines}")
            lines.remove(found[0])

    def test_hello(self):
        with Display("--reply", example("hello", "step-1.json")) as first, \
                Display("--reply", example("hello", "step-2.json")) as second, \
                Broker(path=example("hello"), env={"STEP_1_URL": first.url,
                                                   "STEP_2_URL": second.url}) as broker:
            self.assert_printed(broker, "hello")
            tick, draft = first.events()[0], second.events()[0]
            self.assertEqual(tick["type"], "dev.knative.sources.ping")
            self.assertEqual(tick["source"], "/apis/v1/namespaces/default/pingsources/heartbeat")
            self.assertEqual(tick["data"], {"text": "tick"})
            self.assertEqual(draft["type"], "com.example.draft")
            self.assertEqual(broker.terminate(), 0)

    def test_parallel(self):
        with Display() as is_large, Display("--reply", example("parallel", "review.json")) as review, \
                Display("--reply", example("parallel", "ship.json")) as ship, \
                Broker(path=example("parallel"), env={"IS_LARGE_URL": is_large.url,
                                                      "REVIEW_URL": review.url,
                                                      "SHIP_URL": ship.url}) as broker:
            self.assertEqual(broker.send("/default/parallels/orders", type_="com.example.order"), 202)
            self.assert_printed(broker, "parallel")
            eventually(is_large.events, "the filter's event")
            self.assertEqual(broker.terminate(), 0)
            self.assertEqual(review.events(), [], "the filter let nothing pass")
            self.assertEqual(len(broker.out), len(expected("parallel")))

    def test_parallel_when_the_filter_passes_an_event(self):
        with Display("--reply", example("parallel", "review.json")) as is_large, \
                Display("--reply", example("parallel", "review.json")) as review, \
                Display("--reply", example("parallel", "ship.json")) as ship, \
                Broker(path=example("parallel"), env={"IS_LARGE_URL": is_large.url,
                                                      "REVIEW_URL": review.url,
                                                      "SHIP_URL": ship.url}) as broker:
            self.assertEqual(broker.send("/default/parallels/orders", type_="com.example.order"), 202)
            eventually(lambda: len(broker.out) == 2, "both branches' replies")
            self.assertEqual(sorted(json.loads(line)["type"] for line in broker.out),
                             ["com.example.order.reviewed", "com.example.order.shipped"])

    def test_dead_letter(self):
        with Display("--status", "503") as billing, \
                Broker(path=example("dead-letter"), env={"BILLING_URL": billing.url}) as broker:
            self.assertEqual(broker.send(type_="com.example.bill"), 202)
            self.assert_printed(broker, "dead-letter")
            self.assertEqual(len(billing.events()), 3)
            self.assertEqual(json.loads(broker.out[0])["knativeerrordest"], billing.url)
            self.assertEqual(broker.terminate(), 0)

    def test_channel_subscription(self):
        with Display("--reply", example("channel-subscription", "converted.json")) as convert, \
                Broker(path=example("channel-subscription"),
                       env={"CONVERT_URL": convert.url}) as broker:
            self.assertEqual(broker.send("/default/channels/readings", type_="com.example.reading"), 202)
            self.assert_printed(broker, "channel-subscription", in_order=False)
            self.assertEqual(broker.terminate(), 0)

    def test_data_filters(self):
        with Broker(path=example("data-filters")) as broker:
            with open(example("data-filters", "order.json"), "rb") as file:
                order = file.read()
            other = order.replace(b"paid", b"new").replace(b"glass-", b"brick-")
            self.assertEqual(broker.send(id_="0", type_="com.example.order", data=other), 202)
            self.assertEqual(broker.send(id_="1", type_="com.example.order", data=order), 202)
            self.assert_printed(broker, "data-filters", in_order=False)
            self.assertEqual(broker.terminate(), 0)
            self.assertEqual(len(broker.out), len(expected("data-filters")), "nothing of the other")

    def test_every_example_has_what_a_reader_needs(self):
        for name in sorted(next(os.walk(EXAMPLES))[1]):
            with self.subTest(name):
                with open(example(name, "README.md"), encoding="utf-8") as file:
                    self.assertLessEqual(len(file.read().strip().split("\n")), 8)
                self.assertTrue(expected(name))
                subprocess.run([support.SLUICE, "validate", "-f", example(name)], check=True,
                               stdout=subprocess.DEVNULL)

    def test_thirst(self):
        with Broker(path=example("thirst")) as broker:
            self.assert_printed(broker, "thirst")
            self.assertEqual(broker.send("/default/sequences/think", id_="cold", type_="com.example.said",
                                         data=b'{"prompt": "I am cold"}'), 202)
            eventually(lambda: "ACTION: put_on_coat" in broker.out, "the other decision's action")
            self.assertEqual(broker.terminate(), 0)

    def test_tickets(self):
        with Broker(path=example("tickets")) as broker:
            self.assertEqual(broker.send(id_="1", type_="com.example.ticket.opened",
                                         data=b'{"text": "I was charged twice"}'), 202)
            self.assert_printed(broker, "tickets")
            self.assertEqual(broker.send(id_="2", type_="com.example.ticket.opened",
                                         data=b'{"text": "Where is my parcel?"}'), 202)
            eventually(lambda: "ACTION: ticket 2 to shipping" in broker.out, "the other queue's action")
            self.assertEqual(broker.terminate(), 0)

    def test_remote_model(self):
        with Broker(path=example("thirst")) as remote, \
                Broker(path=example("remote-model"), env={
                    "MODEL_URL": f"http://127.0.0.1:{remote.port}/v1/chat/completions"}) as broker:
            with open(example("remote-model", "question.json"), "rb") as file:
                question = file.read()
            self.assertEqual(broker.send("/default/sequences/ask", type_="ask", data=question), 202)
            self.assert_printed(broker, "remote-model")
            self.assertEqual(broker.terminate(), 0)

    def test_the_demo_ends_well(self):
        ran = subprocess.run([os.path.join(support.ROOT, "tools", "demo.sh"), support.SLUICE,
                              example("thirst")], text=True, timeout=60, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        hops = ["you +send", "model +decides on an event of /demo: drink_water",
                "broker +routes com.example.decision.drink_water", "display +ACTION: drink water"]
        at = [re.search(hop, ran.stdout) for hop in hops]
        self.assertTrue(all(at), ran.stdout)
        self.assertIn("pingsources/somebody: drink_water", ran.stdout)


if __name__ == "__main__":
    support.main()
