#!/usr/bin/env python3
"""The scenario that Sluice grew from, in Knative's own YAML: a PingSource ticks into a Sequence of one step,
whose reply goes to a Service. Only the declared Services are ours; the schedule has six fields so that
the test need not wait for the next minute."""

import json
import subprocess
import unittest

import support
from support import Broker, Subscriber, eventually

MANIFEST = """\
apiVersion: flows.knative.dev/v1
kind: Sequence
metadata:
  name: sequence
spec:
  channelTemplate:
    apiVersion: messaging.knative.dev/v1
    kind: InMemoryChannel
  steps:
    - ref:
        apiVersion: serving.knative.dev/v1
        kind: Service
        name: first
  reply:
    ref:
      kind: Service
      apiVersion: serving.knative.dev/v1
      name: event-display
---
apiVersion: sources.knative.dev/v1
kind: PingSource
metadata:
  name: ping-source
spec:
  schedule: "SCHEDULE"
  contentType: "application/json"
  data: '{"message": "Hello world!"}'
  sink:
    ref:
      apiVersion: flows.knative.dev/v1
      kind: Sequence
      name: sequence
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: first
  annotations:
    sluice.dev/url: FIRST
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: event-display
  annotations:
    sluice.dev/url: DISPLAY
"""


def append(headers, body):
    """Knative's appender: the event back, its text one longer."""
    data = json.loads(body)
    data["message"] += " - Handled by 0"
    reply = {name: value for name, value in headers.items() if name.startswith("ce-")}
    reply["ce-type"] = "samples.http.mode3"
    return 200, {**reply, "content-type": "application/json"}, json.dumps(data).encode()


class SeedScenario(unittest.TestCase):
    def test_a_tick_goes_through_the_sequence_to_the_reply(self):
        with Subscriber(append) as first, Subscriber() as display:
            manifest = (MANIFEST.replace("SCHEDULE", "* * * * * *").replace("FIRST", first.url)
                        .replace("DISPLAY", display.url))
            with Broker(manifest) as broker:
                eventually(lambda: len(display.received) >= 2, "two ticks")
                self.assertEqual(broker.terminate(), 0)
            asked, answered = first.received[0], display.received[0]
            self.assertEqual(asked[0]["ce-type"], "dev.knative.sources.ping")
            self.assertEqual(asked[0]["ce-source"],
                             "/apis/v1/namespaces/default/pingsources/ping-source")
            self.assertEqual(asked[0]["prefer"], "reply")
            self.assertEqual(asked[0]["kn-namespace"], "default")
            self.assertIn("ce-time", asked[0])
            self.assertEqual(asked[1], b'{"message": "Hello world!"}')
            self.assertEqual(answered[0]["ce-type"], "samples.http.mode3")
            self.assertEqual(answered[0]["ce-id"], asked[0]["ce-id"])
            self.assertEqual(json.loads(answered[1]), {"message": "Hello world! - Handled by 0"})
            self.assertNotIn("prefer", answered[0])
            ids = [headers["ce-id"] for headers, _ in first.received]
            self.assertEqual(len(ids), len(set(ids)), "every tick is an event of its own")

    def test_the_schedule_of_five_fields_is_taken_and_warned_of(self):
        ran = subprocess.run([support.SLUICE, "validate", "-f", "-"], text=True,
                             input=MANIFEST.replace("SCHEDULE", "* */1 * * *")
                             .replace("FIRST", "http://127.0.0.1:1/")
                             .replace("DISPLAY", "http://127.0.0.1:2/"),
                             stdout=subprocess.PIPE, check=False)
        self.assertEqual(ran.returncode, 0, ran.stdout)
        self.assertRegex(ran.stdout, r":\d+:\d+: warning: .*minute")


if __name__ == "__main__":
    support.main()
