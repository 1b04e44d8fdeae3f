#!/usr/bin/env python3
"""Crashes on Kafka: see crash_cases.py."""

import unittest

import durable
import support
from crash_cases import CrashCases


class CrashKafka(CrashCases, durable.OnBackend, unittest.TestCase):
    make = durable.KafkaBackend


if __name__ == "__main__":
    support.main()
