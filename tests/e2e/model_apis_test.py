#!/usr/bin/env python3
"""The model APIs of the real binary with the demo model, byte by byte: KServe's V2, a stream, a client that
leaves, a queue that is full, and what is counted."""

import http.client
import json
import unittest

import support
from clients import serve_model
from support import eventually

JSON = {"content-type": "application/json"}
LONG = {"guided_json": {"type": "string", "minLength": 900}}  # Hundreds of steps.


def asked(text="渴了", **more):
    return json.dumps({"messages": [{"role": "user", "content": text}], "temperature": 0, **more}).encode()


class ModelApis(unittest.TestCase):
    def test_kserve(self):
        with serve_model("--served-model-name=Qwen/tiny") as server:
            status, _, body = support.request(server.port, "GET", "/v2/models/Qwen%2Ftiny")
            self.assertEqual((status, json.loads(body)["name"]), (200, "Qwen/tiny"))
            status, _, body = server.post("/v2/models/Qwen/tiny/generate", JSON,
                                          json.dumps({"text_input": "I am thirsty"}).encode())
            self.assertEqual((status, json.loads(body)["text_output"]), (200, "Drink some water."))
            tensor = {"name": "text_input", "datatype": "BYTES", "shape": [2], "data": ["渴了", "I am thirsty"]}
            status, _, body = server.post("/v2/models/Qwen/tiny/infer", JSON,
                                          json.dumps({"inputs": [tensor]}).encode())
            self.assertEqual(status, 200)
            self.assertEqual(json.loads(body)["outputs"][0]["data"], ["喝点水。", "Drink some water."])
            self.assertEqual(server.metric("sluice_inference_requests_total", outcome="stop"), 3)
            self.assertEqual(server.metric("sluice_ingress_events_total"), 0)

    def test_a_stream_says_what_the_whole_says(self):
        with serve_model() as server:
            whole = json.loads(server.post("/v1/chat/completions", JSON, asked())[2])
            status, headers, body = server.post("/v1/chat/completions", JSON, asked(stream=True))
            self.assertEqual((status, headers["content-type"]), (200, "text/event-stream"))
            events = body.decode().split("\n\n")
            self.assertEqual(events[-2:], ["data: [DONE]", ""])
            chunks = [json.loads(event[len("data: "):]) for event in events[:-2]]
            said = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
            self.assertEqual(said, whole["choices"][0]["message"]["content"])

    def test_a_client_that_leaves_ends_its_generation(self):
        with serve_model("--max-num-seqs=1") as server:
            clients = []
            for i in range(9):
                clients.append(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30))
                clients[-1].request("POST", "/v1/chat/completions",
                                    asked(stream=i % 2 == 0, max_tokens=950, **LONG), JSON)
            eventually(lambda: server.metric("sluice_inference_queue_depth") >= 5, "a queue")
            for client in clients:
                client.close()
            # One may have been answered meanwhile.
            eventually(lambda: server.metric("sluice_inference_requests_total", outcome="cancelled") >= 4,
                       "the generations ended")
            eventually(lambda: server.metric("sluice_inference_queue_depth") == 0, "an empty queue")
            self.assertEqual(server.terminate(), 0)

    def test_a_prompt_that_is_too_long_is_a_bad_request(self):
        with serve_model("--max-model-len=128") as server:
            status, _, body = server.post("/v1/chat/completions", JSON, asked("x y z " * 500))
            self.assertEqual(status, 400, body)
            self.assertEqual(json.loads(body)["error"]["type"], "invalid_request_error")


if __name__ == "__main__":
    support.main()
