#!/usr/bin/env python3
"""Many processes as one on Redis: see scale_out_cases.py."""

import unittest

import durable
import support
from scale_out_cases import ScaleOutCases


class ScaleOutRedis(ScaleOutCases, durable.OnBackend, unittest.TestCase):
    make = durable.RedisBackend


if __name__ == "__main__":
    support.main()
