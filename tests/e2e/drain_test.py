#!/usr/bin/env python3
"""SIGTERM: readiness fails, the ingress answers 503, what was accepted is delivered, the exit status says
whether all of it was."""

import contextlib
import http.client
import subprocess
import threading
import time
import unittest

import support
from support import Broker, Subscriber, broker, closed_port, documents, eventually, service, trigger

PATIENT = "  delivery: {retry: 10, backoffPolicy: linear, backoffDelay: PT10S}\n"


class Producer:
    """Posts events over one kept connection until it is refused or stopped; knows what was accepted."""

    def __init__(self, server, name):
        self.accepted, self.refused = [], []
        self.server, self.name = server, name
        self.stopped = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        with contextlib.closing(connection):
            self._post_all(connection)

    def _post_all(self, connection):
        number = 0
        while not self.stopped:
            number += 1
            id_ = f"{self.name}-{number}"
            try:
                connection.request("POST", "/default/default", b"{}", {
                    "ce-specversion": "1.0", "ce-id": id_, "ce-type": "t", "ce-source": "/drain",
                    "content-type": "application/json"})
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException):
                return  # The process has gone: nothing was promised.
            if response.status == 202:
                self.accepted.append(id_)
            else:
                self.refused.append((response.status, response.getheader("retry-after")))
                return


class Drain(unittest.TestCase):
    def test_under_load_everything_accepted_is_delivered(self):
        def slowly(headers, body):
            time.sleep(0.002)
            return 202, {}, b""

        with Subscriber(slowly) as subscriber:
            manifest = documents(broker(), service("s", subscriber.url), trigger("t", "s"))
            with Broker(manifest) as server:
                producers = [Producer(server, f"p{i}") for i in range(8)]
                eventually(lambda: sum(len(p.accepted) for p in producers) > 500, "500 accepted")
                self.assertEqual(server.terminate(), 0, server.err)
                for producer in producers:
                    producer.stopped = True
                    producer.thread.join(10)
                accepted = {id_ for p in producers for id_ in p.accepted}
                self.assertEqual(accepted - set(subscriber.ids()), set(), "lost")
                for producer in producers:
                    for status, retry_after in producer.refused:
                        self.assertEqual(status, 503)
                        self.assertIsNotNone(retry_after)

    def test_while_draining_nothing_more_is_taken_and_readiness_fails(self):
        release = threading.Event()

        def held(headers, body):
            release.wait(20)
            return 202, {}, b""

        with Subscriber(held) as subscriber:
            manifest = documents(broker(), service("s", subscriber.url), trigger("t", "s"))
            with Broker(manifest) as server:
                self.assertEqual(server.admin_get("/readyz")[0], 200)
                self.assertEqual(server.send(id_="held"), 202)
                eventually(lambda: subscriber.received, "the delivery")
                server.child.terminate()
                eventually(lambda: server.admin_get("/readyz")[0] == 503, "readiness fails")
                self.assertEqual(server.admin_get("/healthz")[0], 200)
                status, headers, body = server.post("/default/default", {})
                self.assertEqual(status, 503)
                self.assertIn("retry-after", headers)
                self.assertEqual(headers["content-type"], "application/problem+json")
                self.assertEqual(server.post("/default/nobody", {})[0], 404, "404 comes first")
                release.set()
                self.assertEqual(server.wait(), 0)
                self.assertEqual(subscriber.ids(), ["held"])

    def test_a_reply_of_a_delivery_in_flight_still_enters_its_broker(self):
        release = threading.Event()

        def reply(headers, body):
            release.wait(20)
            return 200, {"ce-specversion": "1.0", "ce-id": "reply", "ce-type": "reply",
                         "ce-source": "/s"}, b""

        with Subscriber(reply) as first, Subscriber() as second:
            manifest = documents(
                broker(), service("first", first.url), service("second", second.url),
                trigger("a", "first", "  filters:\n    - exact: {type: ask}\n"),
                trigger("b", "second", "  filters:\n    - exact: {type: reply}\n"))
            with Broker(manifest) as server:
                self.assertEqual(server.send(type_="ask"), 202)
                eventually(lambda: first.received, "the delivery")
                server.child.terminate()
                eventually(lambda: server.admin_get("/readyz")[0] == 503, "readiness fails")
                release.set()
                self.assertEqual(server.wait(), 0)
                self.assertEqual(second.ids(), ["reply"])

    def test_a_dead_subscriber_makes_it_7_with_the_count(self):
        manifest = documents(broker(), service("s", f"http://127.0.0.1:{closed_port()}/"),
                             trigger("t", "s", delivery=PATIENT))
        with Broker(manifest, "--drain-timeout", "PT1S") as server:
            for number in range(5):
                self.assertEqual(server.send(id_=str(number)), 202)
            self.assertEqual(server.terminate(), 7)
            self.assertRegex("\n".join(server.err[-5:]), r"\b5\b.*undelivered|undelivered\D*\b5\b")

    def test_a_hanging_subscriber_is_not_waited_for_beyond_the_timeout(self):
        release = threading.Event()

        def hang(headers, body):
            release.wait(60)
            return 202, {}, b""

        with Subscriber(hang) as subscriber:
            manifest = documents(broker(), service("s", subscriber.url), trigger("t", "s"))
            with Broker(manifest, "--drain-timeout", "PT1S") as server:
                self.assertEqual(server.send(), 202)
                eventually(lambda: subscriber.received, "the delivery")
                begin = time.monotonic()
                self.assertEqual(server.terminate(), 7)
                self.assertLess(time.monotonic() - begin, 10)
                release.set()

    def test_a_second_signal_ends_the_drain_with_the_count(self):
        manifest = documents(broker(), service("s", f"http://127.0.0.1:{closed_port()}/"),
                             trigger("t", "s", delivery=PATIENT))
        with Broker(manifest, "--drain-timeout", "PT10M") as server:
            for number in range(3):
                self.assertEqual(server.send(id_=str(number)), 202)
            server.child.terminate()
            eventually(lambda: server.admin_get("/readyz")[0] == 503, "readiness fails")
            server.child.terminate()
            self.assertEqual(server.wait(), 7)
            self.assertRegex("\n".join(server.err[-5:]), r"\b3\b.*undelivered|undelivered\D*\b3\b")

    def test_an_idle_broker_ends_at_once(self):
        with Broker(broker()) as server:
            begin = time.monotonic()
            self.assertEqual(server.terminate(), 0)
            self.assertLess(time.monotonic() - begin, 5)

    def test_bad_manifests_are_78_and_an_address_in_use_is_3(self):
        bad = subprocess.run([support.SLUICE, "serve", "-f", "-"], input="kind: Nonsense\n", text=True,
                             stderr=subprocess.PIPE, timeout=30, check=False)
        self.assertEqual(bad.returncode, 78, bad.stderr)
        self.assertIn("error:", bad.stderr)
        with Broker(broker()) as server:
            second = subprocess.run([support.SLUICE, "serve", "-f", "-", "--listen",
                                     f"127.0.0.1:{server.port}"], input=broker(), text=True,
                                    stderr=subprocess.PIPE, timeout=30, check=False)
            self.assertEqual(second.returncode, 3, second.stderr)


if __name__ == "__main__":
    support.main()
