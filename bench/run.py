#!/usr/bin/env python3
"""Every benchmark, as a table: each number as a ratio to a ceiling that ran beside it.

  bench/run.py [--build build] [--only P1,P4] [--rounds 5] [--seconds 4] [--json FILE]

Takes about half an hour for everything. Ratios are of CPU time per event of the server process unless
the row says otherwise; a row is the median of its rounds, with the lowest and the highest. Marks:
goal and must say what is reached; FAIL that every round missed what is owed; unsure that some did.
"""

import argparse
import glob
import json
import os
import platform
import subprocess
import sys
import time

import durable_goals
import goals
from harness import Settings


def verdict(row):
    """goal, must, unsure (the limit lies inside the spread) or FAIL (the whole spread is beyond it)."""
    sign = 1 if row.better == "more" else -1
    worst, best = sorted((row.value.low * sign, row.value.high * sign))
    if row.value.median * sign >= row.goal * sign:
        return "goal"
    if row.value.median * sign >= row.must * sign:
        return "must"
    return "unsure" if best >= row.must * sign and worst != best else "FAIL"


def number(value):
    return f"{value:.2f}" if abs(value) < 100 else f"{value:,.0f}"


def print_row(row):
    limit = "≥" if row.better == "more" else "≤"
    value = f"{number(row.value.median)}{row.unit if row.unit == 'x' else ''}"
    if row.unit not in ("", "x"):
        value += f" {row.unit}"
    span = f"{number(row.value.low)}..{number(row.value.high)}"
    if len(row.value.values) == 1:
        span = ""
    print(f"{row.id:5} {row.what:62} {value:>11} {span:>15} {limit} {number(row.must):>6} "
          f"{number(row.goal):>6}  {verdict(row):6} {row.note}{' (noisy)' if row.noisy else ''}",
          flush=True)


def micro_benchmarks(build):
    """What Google Benchmark measures of single folders, in its own table."""
    for program in sorted(glob.glob(os.path.join(build, "bench", "*_bench"))):
        print(f"\n{os.path.basename(program)}", flush=True)
        subprocess.run([program, "--benchmark_min_time=0.1", "--benchmark_color=false"],
                       stderr=subprocess.DEVNULL, check=False)
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="build tree with sluice and bench/")
    parser.add_argument("--only", help="comma-separated ids, e.g. P1,P4,START")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each run")
    parser.add_argument("--patience", type=float, default=20.0,
                        help="seconds to wait for an idle machine before each run")
    parser.add_argument("--json", help="where the results go; default BUILD/bench.json")
    arguments = parser.parse_args()
    known = {**goals.GOALS, **durable_goals.GOALS}
    wanted = arguments.only.split(",") if arguments.only else list(known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")

    settings = Settings(os.path.abspath(arguments.build), arguments.rounds, arguments.seconds,
                        arguments.patience)
    print(f"{platform.node() or 'here'}: {os.cpu_count()} cores, Linux {platform.release()}, "
          f"{arguments.rounds} rounds of {arguments.seconds:g} s")
    print(f"{'id':5} {'what':62} {'median':>11} {'min..max':>15}   {'must':>6} {'goal':>6}  mark")
    rows, broken = [], []
    for function in dict.fromkeys(known[name] for name in wanted):
        try:
            for row in function(settings):
                if row.id in wanted:
                    rows.append(row)
                    print_row(row)
        except (RuntimeError, OSError, FileNotFoundError) as error:
            broken.append(function.__name__)
            print(f"      {function.__name__}: could not be measured: {error}", flush=True)

    if not arguments.only:
        micro_benchmarks(settings.build)
    path = arguments.json or os.path.join(settings.build, "bench.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                   "rounds": arguments.rounds, "seconds": arguments.seconds,
                   "rows": [{"id": r.id, "what": r.what, "median": r.value.median,
                             "values": r.value.values, "unit": r.unit, "must": r.must, "goal": r.goal,
                             "better": r.better, "mark": verdict(r), "note": r.note,
                             "noisy": r.noisy} for r in rows]}, file, indent=1)
    failed = [row.id for row in rows if verdict(row) == "FAIL"] + broken
    print(f"{len(rows)} rows, {len(failed)} failed{': ' + ', '.join(failed) if failed else ''}; "
          f"all numbers in {os.path.relpath(path)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
