#!/usr/bin/env python3
"""Many processes as one on Kafka: see scale_out_cases.py."""

import unittest

import durable
import support
from scale_out_cases import ScaleOutCases


class ScaleOutKafka(ScaleOutCases, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = durable.start_backend(durable.KafkaBackend)

    @classmethod
    def tearDownClass(cls):
        cls.backend.server.close()


if __name__ == "__main__":
    support.main()
