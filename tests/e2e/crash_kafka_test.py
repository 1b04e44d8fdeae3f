#!/usr/bin/env python3
"""Crashes on Kafka: see crash_cases.py."""

import unittest

import durable
import support
from crash_cases import CrashCases


class CrashKafka(CrashCases, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = durable.start_backend(durable.KafkaBackend)

    @classmethod
    def tearDownClass(cls):
        cls.backend.server.close()


if __name__ == "__main__":
    support.main()
