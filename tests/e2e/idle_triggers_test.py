#!/usr/bin/env python3
"""Ten thousand triggers that wait for events: what each takes of the process's memory, with one subscriber for
all or one each, and that an event reaches the one that wants it."""

import unittest

import support
from support import Broker, Subscriber, broker, documents, eventually, service, trigger

MANY = 10_000
MOST_BYTES = 2048


def wanting(number, to):
    """A trigger for events of a type of its own."""
    return trigger(f"t{number}", to, f"  filters:\n    - exact: {{type: com.example.{number}}}\n")


def is_sanitized():
    """Whether the binary keeps books on its memory, so that the books are what would be measured."""
    with open(support.SLUICE, "rb") as file:
        program = file.read()
    return any(name in program for name in (b"__asan_init", b"__tsan_init"))


class IdleTriggers(unittest.TestCase):
    def growth(self, one, many):
        """Bytes of memory a trigger that the second manifest has more."""
        with Broker(one, "--threads", "1") as few, Broker(many, "--threads", "1") as all_:
            return (all_.rss_bytes() - few.rss_bytes()) / MANY

    @unittest.skipIf(is_sanitized(), "a sanitizer's memory would be measured")
    def test_one_of_ten_thousand_with_a_common_subscriber_takes_less_than_2_kb(self):
        def manifest(count):
            sink = service("sink", "http://127.0.0.1:9/")
            return documents(broker(), sink, *[wanting(i, "sink") for i in range(count)])

        self.assertLess(self.growth(manifest(1), manifest(MANY)), MOST_BYTES)

    @unittest.skipIf(is_sanitized(), "a sanitizer's memory would be measured")
    def test_one_of_ten_thousand_with_its_own_subscriber_takes_less_than_2_kb(self):
        def manifest(count):
            sinks = [service(f"s{i}", f"http://127.0.0.1:9/hooks/{i}") for i in range(MANY)]
            return documents(broker(), *sinks, *[wanting(i, f"s{i}") for i in range(count)])

        # The Services are in both: what they take, as resources, is not the triggers'.
        self.assertLess(self.growth(manifest(1), manifest(MANY)), MOST_BYTES)

    def test_an_event_reaches_the_one_of_ten_thousand_that_wants_it(self):
        with Subscriber() as wanted, Subscriber() as other:
            manifest = documents(broker(), service("wanted", wanted.url), service("other", other.url),
                                 *[wanting(i, "wanted" if i == MANY // 2 else "other")
                                   for i in range(MANY)])
            with Broker(manifest) as sluice:
                self.assertEqual(sluice.send(type_="com.example.nobody", id_="1"), 202)
                self.assertEqual(sluice.send(type_=f"com.example.{MANY // 2}", id_="2"), 202)
                eventually(lambda: wanted.ids() == ["2"], "the event that one trigger wants")
                self.assertEqual(other.ids(), [])
                self.assertEqual(sluice.metric("sluice_trigger_events_total", outcome="filtered"),
                                 2 * MANY - 1)


if __name__ == "__main__":
    support.main()
