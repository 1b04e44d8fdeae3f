#!/usr/bin/env python3
"""The first screen of the README, done as it says: its manifest is valid and serves, its `curl` is answered
as shown, and the event reaches the subscriber. Then `curl` in the other ways people use it."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

import support
from support import Broker, Subscriber, broker, documents, eventually, service, trigger


def readme():
    with open(os.path.join(support.ROOT, "README.md"), encoding="utf-8") as file:
        return file.read()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", readme(), re.DOTALL)


def commands(text):
    """(command, what is shown below it) of a console block; a backslash joins lines."""
    found = []
    for part in re.split(r"^\$ ", text.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        found.append((command, shown.strip()))
    return found


def curl(*arguments):
    ran = subprocess.run(["curl", "-sS", "--max-time", "30", *arguments], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.decode()


class FirstScreen(unittest.TestCase):
    def test_the_manifest_and_the_curl_do_what_they_say(self):
        with Subscriber() as subscriber:
            manifest = next(block for block in blocks("yaml") if "kind: Broker" in block)
            address = re.search(r"http://127\.0\.0\.1:9000", manifest)
            self.assertIsNotNone(address)
            with Broker(manifest.replace(address[0], subscriber.url.rstrip("/"))) as server:
                ran = 0
                for block in blocks("console"):
                    for command, shown in commands(block):
                        if not command.startswith("curl"):
                            continue
                        command = command.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
                        answer = subprocess.run(["bash", "-c", command + " -sS"], text=True,
                                                stdout=subprocess.PIPE, timeout=30, check=True).stdout
                        for line in shown.splitlines():
                            self.assertIn(line, answer)
                        ran += 1
                self.assertGreater(ran, 0)
                eventually(lambda: len(subscriber.received) == ran, "the deliveries")

    def test_its_inference_sink_is_valid(self):
        sink = next(block for block in blocks("yaml") if "kind: InferenceSink" in block)
        model = os.path.join(support.ROOT, "models", "ce-tiny-demo")
        service_of = ("apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: qwen}\n"
                      "spec: {predictor: {model: {modelFormat: {name: huggingface}, storageUri: "
                      f"{model}}}}}}}\n")
        subprocess.run([support.SLUICE, "validate", "-f", "-"], input=documents(sink, service_of), text=True,
                       check=True, stdout=subprocess.DEVNULL)

    def test_its_make_targets_exist(self):
        with open(os.path.join(support.ROOT, "Makefile"), encoding="utf-8") as file:
            makefile = file.read()
        for target in set(re.findall(r"^\$ make (\w+)", readme(), re.MULTILINE)):
            self.assertRegex(makefile, rf"(?m)^{target}:")

    def test_its_links_lead_somewhere(self):
        for path in re.findall(r"\]\(([^)#:]+)\)", readme()):
            self.assertTrue(os.path.exists(os.path.join(support.ROOT, path)), path)

    def test_its_commands_exist(self):
        for command in set(re.findall(r"`sluice (\w+)", readme())):
            if command.isupper():
                continue  # COMMAND, which stands for any.
            subprocess.run([support.SLUICE, command, "--help"], check=True, stdout=subprocess.DEVNULL)

    def test_the_curl_that_serve_prints_works(self):
        with Subscriber() as subscriber:
            manifest = documents(broker(), service("s", subscriber.url), trigger("t", "s"))
            with Broker(manifest) as server:
                line = server.wait_for_line(server.err, r'try: (curl .*)$')[1]
                answer = subprocess.run(["bash", "-c", line + " -sS"], text=True,
                                        stdout=subprocess.PIPE, timeout=30, check=True).stdout
                self.assertIn("202 Accepted", answer)
                eventually(lambda: subscriber.received, "the delivery")
                self.assertEqual(subscriber.received[0][1], b'{"text":"hello"}')


class Curl(unittest.TestCase):
    def setUp(self):
        self.subscriber = Subscriber().__enter__()
        self.server = Broker(documents(broker(), service("s", self.subscriber.url),
                                       trigger("t", "s"))).__enter__()
        self.url = f"http://127.0.0.1:{self.server.port}/default/default"
        self.event = [item for name in ("specversion: 1.0", "id: 1", "source: /curl", "type: t")
                      for item in ("-H", "ce-" + name)]

    def tearDown(self):
        self.server.__exit__()
        self.subscriber.__exit__()

    def check(self, *arguments, body):
        self.assertIn(" 202 Accepted", curl("-i", self.url, *arguments))
        eventually(lambda: self.subscriber.received, "the delivery")
        headers, got = self.subscriber.received.pop()
        self.assertEqual(got, body)
        self.assertEqual(headers["ce-id"], "1")

    def test_binary(self):
        self.check(*self.event, "-H", "content-type: text/plain", "-d", "hello", body=b"hello")

    def test_structured(self):
        self.check("-H", "content-type: application/cloudevents+json", "-d",
                   '{"specversion":"1.0","id":"1","source":"/curl","type":"t","data":{"n":1.50}}',
                   body=b'{"n":1.50}')

    def test_chunked(self):
        self.check(*self.event, "-H", "transfer-encoding: chunked", "-H", "content-type: text/plain",
                   "-d", "hello", body=b"hello")

    def test_a_file_of_a_megabyte_with_expect_continue(self):
        with tempfile.NamedTemporaryFile(prefix="sluice-e2e-") as file:
            data = os.urandom(1024 * 1024)
            file.write(data)
            file.flush()
            self.check(*self.event, "-H", "content-type: application/octet-stream", "-H",
                       "expect: 100-continue", "--data-binary", f"@{file.name}", body=data)

    def test_a_refusal_says_why(self):
        answer = curl("-i", self.url, "-H", "ce-specversion: 1.0", "-d", "x")
        self.assertIn(" 400 ", answer)
        self.assertIn("application/problem+json", answer)
        self.assertIn("'id'", answer)


if __name__ == "__main__":
    if not shutil.which("curl"):
        support.skip_all("curl is not installed")
    support.main()
