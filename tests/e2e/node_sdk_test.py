#!/usr/bin/env python3
"""A real client: the CloudEvents SDK for JavaScript posts events in both modes, and its HTTP receiver takes
what Sluice delivers, in binary and in structured mode (node/sdk.mjs)."""

import subprocess
import unittest

import support
from clients import NODE, install_node_packages
from support import Broker, broker, documents, service, trigger

class NodeSdk(unittest.TestCase):
    def run_sdk(self, delivery):
        with subprocess.Popen(["node", "sdk.mjs"], cwd=NODE, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as node:
            port = int(node.stdout.readline())
            manifest = documents(broker(), service("sdk", f"http://127.0.0.1:{port}/"),
                                 trigger("t", "sdk", delivery=delivery))
            with Broker(manifest) as server:
                out, err = node.communicate(f"http://127.0.0.1:{server.port}/default/default\n",
                                            timeout=120)
            self.assertEqual(node.returncode, 0, out + err)
            self.assertEqual(out.count("ok binary"), 4, out + err)
            self.assertEqual(out.count("ok structured"), 4, out + err)

    def test_binary_deliveries(self):
        self.run_sdk("  delivery: {retry: 0}\n")

    def test_structured_deliveries(self):
        self.run_sdk("  delivery: {retry: 0, format: json}\n")


if __name__ == "__main__":
    install_node_packages()
    support.main()
