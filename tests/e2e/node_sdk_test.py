#!/usr/bin/env python3
"""A real client: the CloudEvents SDK for JavaScript posts events in both modes, and its HTTP receiver takes
what Sluice delivers, in binary and in structured mode (node/sdk.mjs)."""

import os
import shutil
import subprocess
import unittest

import support
from support import Broker, broker, documents, service, trigger

NODE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "node")


def install():
    """Puts the SDK in place; skips where that cannot be done here."""
    if not shutil.which("node") or not shutil.which("npm"):
        support.skip_all("node and npm are not installed")
    version = subprocess.run(["node", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    if int(version.lstrip("v").split(".")[0]) < 18:
        support.skip_all(f"node {version.strip()} is older than 18")
    if os.path.exists(os.path.join(NODE, "node_modules", ".package-lock.json")):
        return
    try:
        ran = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=NODE,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        support.skip_all("the npm registry did not answer within two minutes")
    if ran.returncode != 0:
        if any(word in ran.stdout for word in ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT",
                                               "ECONNRESET", "E403", "E404", "network")):
            support.skip_all("the npm registry cannot be reached")
        raise SystemExit(f"npm ci failed:\n{ran.stdout}")


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
    install()
    support.main()
