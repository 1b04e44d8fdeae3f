#!/usr/bin/env python3
"""Crashes on Redis: see crash_cases.py."""

import unittest

import durable
import support
from crash_cases import CrashCases


class CrashRedis(CrashCases, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = durable.start_backend(durable.RedisBackend)

    @classmethod
    def tearDownClass(cls):
        cls.backend.server.close()


if __name__ == "__main__":
    support.main()
