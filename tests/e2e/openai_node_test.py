#!/usr/bin/env python3
"""A real client: OpenAI's package for JavaScript asks the demo model (node/openai.mjs)."""

import subprocess
import unittest

import support
from clients import NODE, install_node_packages, serve_model


class OpenAiForJavaScript(unittest.TestCase):
    def test_the_client_is_content(self):
        with serve_model() as server:
            ran = subprocess.run(["node", "openai.mjs", f"http://127.0.0.1:{server.port}/v1"], cwd=NODE,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
                                 check=False)
            self.assertEqual(ran.returncode, 0, ran.stdout)
            self.assertEqual(ran.stdout.count("ok "), 9, ran.stdout)


if __name__ == "__main__":
    install_node_packages()
    support.main()
