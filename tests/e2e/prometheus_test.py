#!/usr/bin/env python3
"""A real Prometheus, Debian's, scrapes the admin port: the target is up, the samples are there, and
`promtool` finds nothing to complain of in the text."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse

import support
from support import Broker, Subscriber, broker, closed_port, documents, eventually, service, trigger


class Prometheus(unittest.TestCase):
    def setUp(self):
        self.subscriber = Subscriber().__enter__()
        manifest = documents(
            broker(), service("s", self.subscriber.url),
            trigger("all", "s"),
            trigger("none", "s", "  filters:\n    - exact: {type: no.such.type}\n"))
        self.server = Broker(manifest).__enter__()
        for number in range(3):
            self.assertEqual(self.server.send(id_=str(number)), 202)
        self.server.post("/default/default", {})
        self.server.post("/default/nobody", {})
        eventually(lambda: len(self.subscriber.received) == 3, "three deliveries")

    def tearDown(self):
        self.server.__exit__()
        self.subscriber.__exit__()

    def test_a_real_prometheus_scrapes_it(self):
        with tempfile.TemporaryDirectory(prefix="sluice-e2e-") as directory:
            config = os.path.join(directory, "prometheus.yml")
            with open(config, "w", encoding="utf-8") as file:
                file.write("global: {scrape_interval: 250ms, scrape_timeout: 200ms}\nscrape_configs:\n"
                           "  - job_name: sluice\n    static_configs:\n"
                           f"      - targets: ['127.0.0.1:{self.server.admin}']\n")
            port = closed_port()
            with open(os.path.join(directory, "log"), "w", encoding="utf-8") as log:
                process = subprocess.Popen(
                    ["prometheus", f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}",
                     f"--storage.tsdb.path={directory}/data"], stdout=log, stderr=log)
            try:
                def query(expression):
                    try:
                        answer = support.request(
                            port, "GET", "/api/v1/query?query=" + urllib.parse.quote(expression))
                    except OSError:
                        return []
                    if answer[0] != 200:
                        return []
                    return [float(item["value"][1])
                            for item in json.loads(answer[2])["data"]["result"]]

                eventually(lambda: query("up{job='sluice'}") == [1.0], "the target is up")
                self.assertEqual(eventually(lambda: query(
                    'sluice_ingress_events_total{kind="broker",name="default",code="202"}'),
                    "the ingress counter"), [3.0])
                self.assertEqual(query('sluice_ingress_events_total{kind="broker",code="400"}'), [1.0])
                self.assertEqual(query('sluice_ingress_events_total{kind="none",code="404"}'), [1.0])
                self.assertEqual(query(
                    'sluice_trigger_events_total{trigger="all",outcome="delivered"}'), [3.0])
                self.assertEqual(query(
                    'sluice_trigger_events_total{trigger="none",outcome="filtered"}'), [3.0])
                self.assertEqual(query(
                    'sluice_dispatch_duration_seconds_count{trigger="all"}'), [3.0])
                self.assertEqual(query(
                    'sluice_channel_depth_events{channel="default-kne-trigger"}'), [0.0])
            finally:
                process.terminate()
                process.wait(20)

    def test_promtool_has_nothing_to_say(self):
        if not shutil.which("promtool"):
            self.skipTest("promtool is not installed")
        status, headers, text = self.server.admin_get("/metrics")
        self.assertEqual(status, 200)
        self.assertTrue(headers["content-type"].startswith("text/plain"), headers)
        ran = subprocess.run(["promtool", "check", "metrics"], input=text, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, check=False)
        self.assertEqual(ran.returncode, 0, ran.stdout.decode() + text.decode())


if __name__ == "__main__":
    if not shutil.which("prometheus"):
        support.skip_all("prometheus is not installed")
    support.main()
