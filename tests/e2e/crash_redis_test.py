#!/usr/bin/env python3
"""Crashes on Redis: see crash_cases.py."""

import unittest

import durable
import support
from crash_cases import CrashCases


class CrashRedis(CrashCases, durable.OnBackend, unittest.TestCase):
    make = durable.RedisBackend


if __name__ == "__main__":
    support.main()
