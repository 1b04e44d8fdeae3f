#!/usr/bin/env python3
"""A model inside the broker: each event that asks it ends in exactly one of a reply or a dead letter, in
time, whatever happens; and a model that is not there takes nothing else with it."""

import json
import os
import tempfile
import unittest

import support
from support import Broker, Subscriber, broker, documents, eventually, service

DEMO = os.path.join(support.ROOT, "models", "ce-tiny-demo")
CHOICE = '{choice: [drink_water, eat, open_window, ask_person]}'
LONG = '{schema: {type: string, minLength: 900}}'  # Hundreds of steps, whatever the model would like.


def inference_service(*args, directory=DEMO, name="qwen"):
    flags = "".join(f"        - {arg}\n" for arg in args)
    return (f"apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata:\n  name: {name}\n"
            f"spec:\n  predictor:\n    model:\n      modelFormat: {{name: huggingface}}\n"
            f"      storageUri: {directory}\n" + ("      args:\n" + flags if args else ""))


def inference_sink(output, name="decide", reply="", parameters="{max_tokens: 950}"):
    return (f"apiVersion: sluice.dev/v1alpha1\nkind: InferenceSink\nmetadata:\n  name: {name}\nspec:\n"
            f"  model: {{ref: {{apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, name: qwen}}}}\n"
            f"  prompt: {{system: Decide what to do. Answer with one action., user: '{{{{ data.text }}}}'}}\n"
            f"  parameters: {parameters}\n  output: {output}\n{reply}")


def subscription(delivery):
    """A Channel whose events go to the sink; replies and dead letters to two subscribers."""
    return ("apiVersion: messaging.knative.dev/v1\nkind: Channel\nmetadata:\n  name: asked\n---\n"
            "apiVersion: messaging.knative.dev/v1\nkind: Subscription\nmetadata:\n  name: asked\nspec:\n"
            "  channel: {apiVersion: messaging.knative.dev/v1, kind: Channel, name: asked}\n"
            "  subscriber: {ref: {apiVersion: sluice.dev/v1alpha1, kind: InferenceSink, name: decide}}\n"
            "  reply: {ref: {apiVersion: v1, kind: Service, name: replies}}\n"
            f"  delivery: {{{delivery}, deadLetterSink: {{ref: {{apiVersion: v1, kind: Service, name: dead}}}}}}\n")


class House:
    """A broker with a model, an InferenceSink behind a Channel, and who hears of what came of it."""

    def __init__(self, model, sink, delivery):
        self.replies, self.dead = Subscriber(), Subscriber()
        self.broker = Broker(documents(model, sink, subscription(delivery),
                                       service("replies", self.replies.url),
                                       service("dead", self.dead.url)))

    def ask(self, id_, text="I am thirsty"):
        return self.broker.send("/default/channels/asked", id_=id_, source="/e2e",
                                data=json.dumps({"text": text}).encode())

    def causes(self):
        """The ids of the events that were answered, and those of the dead letters."""
        with self.replies.lock:
            answered = [headers["ce-causeid"] for headers, _ in self.replies.received]
        return answered, self.dead.ids()

    def await_all(self, count):
        def ended():
            answered, dead = self.causes()
            return len(answered) + len(dead) >= count
        eventually(ended, f"{count} ends", patience_s=120)
        return self.causes()

    def __enter__(self):
        return self

    def __exit__(self, *arguments):
        self.broker.__exit__(*arguments)
        self.replies.__exit__()
        self.dead.__exit__()


class Inference(unittest.TestCase):
    def assert_each_once(self, house, ids):
        answered, dead = house.await_all(len(ids))
        self.assertEqual(sorted(answered + dead), sorted(ids))
        eventually(lambda: house.broker.metric("sluice_channel_depth_events", channel="asked") == 0,
                   "an empty channel")
        self.assertEqual(len(sum(house.causes(), [])), len(ids), "none twice")
        return answered, dead

    def test_a_thousand_events_end_once_each(self):
        reply = "  reply: {type: 'decided.{{ output }}', extensions: {action: '{{ output }}'}}\n"
        with House(inference_service(), inference_sink(CHOICE, reply=reply), "retry: 10, backoffDelay: PT0.05S") as house:
            ids = [str(i) for i in range(1000)]
            for id_ in ids:
                self.assertEqual(house.ask(id_), 202)
            answered, dead = self.assert_each_once(house, ids)
            self.assertEqual(dead, [])
            for headers, body in house.replies.received:
                self.assertEqual(headers["ce-type"], "decided.drink_water")
                self.assertEqual(headers["ce-action"], "drink_water")
                self.assertEqual(headers["ce-causesource"], "/e2e")
                self.assertEqual(headers["ce-finishreason"], "stop")
                self.assertEqual(body, b"drink_water")
            self.assertEqual(len({headers["ce-id"] for headers, _ in house.replies.received}), 1000)
            metric = house.broker.metric
            self.assertEqual(metric("sluice_inference_requests_total", model="qwen", outcome="stop"), 1000)
            self.assertGreater(metric("sluice_inference_tokens_total", model="qwen", kind="prompt"), 1000)
            self.assertGreater(metric("sluice_inference_tokens_total", model="qwen", kind="completion"), 1000)
            self.assertEqual(metric("sluice_inference_queue_depth", model="qwen"), 0)
            self.assertEqual(metric("sluice_inference_rebuilds_total", model="qwen"), 0)
            self.assertEqual(metric("sluice_inference_time_to_first_token_seconds_count", model="qwen"), 1000)
            self.assertEqual(house.broker.terminate(), 0)

    def test_a_full_queue_is_retried_or_dead_lettered_never_lost(self):
        with House(inference_service("--max-num-seqs=1", "--max-num-queued=1"), inference_sink(LONG),
                   "retry: 0") as house:
            ids = [str(i) for i in range(12)]
            for id_ in ids:
                self.assertEqual(house.ask(id_), 202)
            answered, dead = self.assert_each_once(house, ids)
            self.assertTrue(answered)
            self.assertTrue(dead)
            with house.dead.lock:
                codes = {headers["ce-knativeerrorcode"] for headers, _ in house.dead.received}
            self.assertEqual(codes, {"429"})
            self.assertEqual(house.broker.metric("sluice_inference_requests_total", outcome="rejected"),
                             len(dead))

    def test_a_deadline_ends_the_attempt(self):
        with House(inference_service(), inference_sink(LONG), "retry: 0, timeout: PT0.05S") as house:
            eventually(lambda: house.broker.admin_get("/readyz")[0] == 200, "the model")
            self.assertEqual(house.ask("late"), 202)
            _, dead = self.assert_each_once(house, ["late"])
            self.assertEqual(dead, ["late"])
            headers, _ = house.dead.received[0]
            self.assertEqual(headers["ce-knativeerrorcode"], "504")
            eventually(lambda: house.broker.metric("sluice_inference_requests_total", outcome="expired"),
                       "the generation's end")

    def test_a_bad_prompt_is_not_retried(self):
        with House(inference_service("--max-model-len=128"), inference_sink(CHOICE, parameters="{}"),
                   "retry: 5") as house:
            self.assertEqual(house.ask("long", "x y z " * 500), 202)
            _, dead = self.assert_each_once(house, ["long"])
            headers, _ = house.dead.received[0]
            self.assertEqual(headers["ce-knativeerrorcode"], "400")
            self.assertIn("the context", support.decoded(headers["ce-knativeerrordata"]).decode())
            self.assertEqual(house.broker.metric("sluice_subscription_events_total", outcome="retried"), 0)

    def test_a_model_that_cannot_be_loaded_leaves_the_rest_alone(self):
        with House(inference_service(directory="/does/not/exist"), inference_sink(CHOICE),
                   "retry: 1, backoffDelay: PT0.05S") as house:
            house.broker.wait_for_line(house.broker.err, r"inference\.failed model=qwen .*/does/not/exist")
            status, _, body = house.broker.admin_get("/readyz")
            self.assertEqual(status, 503)
            self.assertIn("/does/not/exist", json.loads(body)["reasons"][0])
            items = json.loads(house.broker.admin_get("/api/v1/resources")[2])["items"]
            self.assertEqual([item["ready"] for item in items if item["kind"] == "InferenceService"], [False])
            self.assertEqual(house.ask("1"), 202)
            self.assert_each_once(house, ["1"])
            self.assertEqual(house.dead.received[0][0]["ce-knativeerrorcode"], "503")
            self.assertEqual(house.broker.metric("sluice_subscription_events_total", outcome="retried"), 1)
            self.assertEqual(house.broker.terminate(), 0)

    def test_a_damaged_checkpoint_does_not_end_the_process(self):
        with tempfile.TemporaryDirectory(prefix="sluice-e2e-") as directory:
            with open(os.path.join(directory, "config.json"), "wb") as file:
                file.write(b'{"model_type": "qwen3\xff"}')
            with Broker(documents(inference_service(directory=directory), broker())) as house:
                eventually(lambda: b"config.json" in house.admin_get("/readyz")[2], "the reason")
                self.assertEqual(house.admin_get("/readyz")[0], 503)
                self.assertEqual(house.admin_get("/api/v1/resources")[0], 200)
                self.assertEqual(support.request(house.port, "GET", "/v1/models")[0], 200)
                self.assertEqual(house.terminate(), 0)

    def test_a_service_is_addressed_itself(self):
        with Subscriber() as replies:
            sequence = ("apiVersion: flows.knative.dev/v1\nkind: Sequence\nmetadata:\n  name: ask\nspec:\n"
                        "  steps:\n    - ref: {apiVersion: serving.knative.dev/v1, kind: Service, name: qwen}\n"
                        "  reply: {ref: {apiVersion: v1, kind: Service, name: replies}}\n")
            with Broker(documents(inference_service("--served-model-name=tiny"), sequence, broker(),
                                  service("replies", replies.url))) as house:
                said = {"model": "tiny", "messages": [{"role": "user", "content": "渴了"}], "max_tokens": 32,
                        "temperature": 0, "top_p": 0.9, "seed": 42}
                self.assertEqual(house.send("/default/sequences/ask", id_="p", partitionkey="k",
                                            data=json.dumps(said).encode()), 202)
                eventually(lambda: replies.received, "the reply")
                headers, body = replies.received[0]
                self.assertEqual(headers["ce-type"], "dev.sluice.inference.completion")
                self.assertEqual(headers["ce-source"], "/default/inferenceservices/qwen")
                self.assertEqual(headers["ce-subject"], "p")
                self.assertEqual(headers["ce-inferencemodel"], "tiny")
                self.assertEqual(headers["ce-partitionkey"], "k")
                self.assertGreater(int(headers["ce-tokensin"]), 5)
                self.assertEqual(json.loads(body)["choices"][0]["message"]["content"], "喝点水。")
                status, headers, body = house.post("/default/inferenceservices/qwen", {
                    "ce-specversion": "1.0", "ce-id": "d", "ce-type": "t", "ce-source": "/s",
                    "content-type": "text/plain"}, "渴了".encode())
                self.assertEqual((status, headers["ce-causeid"]), (200, "d"))
                self.assertEqual(json.loads(body)["choices"][0]["message"]["content"], "喝点水。")
                self.assertEqual(house.terminate(), 0)


if __name__ == "__main__":
    support.main()
