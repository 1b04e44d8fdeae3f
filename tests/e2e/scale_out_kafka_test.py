#!/usr/bin/env python3
"""Many processes as one on Kafka: see scale_out_cases.py."""

import unittest

import durable
import support
from scale_out_cases import ScaleOutCases


class ScaleOutKafka(ScaleOutCases, durable.OnBackend, unittest.TestCase):
    make = durable.KafkaBackend


if __name__ == "__main__":
    support.main()
