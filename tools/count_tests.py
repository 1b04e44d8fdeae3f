#!/usr/bin/env python3
"""Counts a ctest JUnit file: lists what failed and what was skipped and why; the last line is the count."""

import re
import sys
import xml.etree.ElementTree as ElementTree


def skip_reason(case):
    """The first sentence that tells why, from what the test printed: gtest's `Skipped` or our own."""
    output = case.findtext("system-out") or ""
    gtest = re.search(r": Skipped\n(.+)", output)
    if gtest:
        return gtest.group(1).strip()
    ours = re.search(r"^skipped: (.+)$", output, re.MULTILINE)
    if ours:
        return ours.group(1).strip()
    return "no reason given"


def main():
    try:
        suite = ElementTree.parse(sys.argv[1]).getroot()
    except (OSError, ElementTree.ParseError) as error:
        print(f"count_tests: no results to count: {error}")
        print("0 passed, 1 failed, 0 skipped")
        return 1
    passed, failed, skipped = [], [], []
    for case in suite.iter("testcase"):
        status = case.get("status")
        if case.find("skipped") is not None or status in ("notrun", "disabled"):
            # A test program that is not there is no reason to skip: that is a failure.
            missing = "Unable to find" in (case.findtext("system-out") or "")
            (failed if missing else skipped).append(case)
        elif status == "run" and case.find("failure") is None:
            passed.append(case)
        else:
            failed.append(case)
    for case in failed:
        print(f"FAILED  {case.get('name')}")
    for case in skipped:
        print(f"SKIPPED {case.get('name')}: {skip_reason(case)}")
    print(f"{len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
