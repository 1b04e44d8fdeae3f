#!/usr/bin/env python3
"""A real client: OpenAI's package for Python asks the demo model (python/ask.py)."""

import subprocess
import unittest

import support
from clients import PYTHON, python_with_packages, serve_model

INTERPRETER = None


class OpenAiForPython(unittest.TestCase):
    def test_the_client_is_content(self):
        with serve_model() as server:
            ran = subprocess.run([INTERPRETER, "ask.py", f"http://127.0.0.1:{server.port}/openai/v1"], cwd=PYTHON,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
                                 check=False)
            self.assertEqual(ran.returncode, 0, ran.stdout)
            self.assertEqual(ran.stdout.count("ok "), 6, ran.stdout)


if __name__ == "__main__":
    INTERPRETER = python_with_packages()
    support.main()
