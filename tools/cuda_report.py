#!/usr/bin/env python3
"""What ptxas made of each kernel: registers, shared memory, stack and what it spills.

  tools/cuda_report.py BUILD_DIR [--arch sm_90] [--allow-spills]

Reads what tools/keep_ptxas.sh keeps beside each object of a build. The exit status is 1 when a kernel
spills registers to memory, or ptxas says that it gave up on an optimisation; 2 when there is nothing
to read.
"""

import argparse
import json
import pathlib
import re
import shlex
import subprocess
import sys

ENTRY = re.compile(r"Compiling entry function '([^']+)' for '([^']+)'")
STACK = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
REGISTERS = re.compile(r"Used (\d+) registers")
SHARED = re.compile(r"(\d+) bytes smem")
LOSS = re.compile(r"ptxas info\s*: \(C\d+\) (.*)")


def read_reports(text):
    """The kernels and the losses that a text of ptxas -v tells of.

    >>> kernels, losses = read_reports('''
    ... ptxas info    : 0 bytes gmem
    ... ptxas info    : Compiling entry function '_Z3addPf' for 'sm_80'
    ... ptxas info    : Function properties for _Z3addPf
    ...     240 bytes stack frame, 336 bytes spill stores, 340 bytes spill loads
    ... ptxas info    : Used 32 registers, used 1 barriers, 64 bytes smem, 360 bytes cmem[0]
    ... ptxas info    : Compiling entry function '_Z3subPf' for 'sm_90'
    ... ptxas info    : (C7510) Potential Performance Loss: wgmma serialized
    ... ptxas info    : Function properties for _Z6helperv
    ...     8 bytes stack frame, 4 bytes spill stores, 4 bytes spill loads
    ... ptxas info    : Function properties for _Z3subPf
    ...     0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
    ... ptxas info    : Used 255 registers, used 0 barriers
    ... ''')
    >>> for kernel in kernels: print(sorted(kernel.items()))
    [('arch', 'sm_80'), ('name', '_Z3addPf'), ('registers', 32), ('shared', 64), ('spills', 676), ('stack', 240)]
    [('arch', 'sm_90'), ('name', '_Z3subPf'), ('registers', 255), ('shared', 0), ('spills', 8), ('stack', 8)]
    >>> losses
    ['Potential Performance Loss: wgmma serialized']
    """
    kernels, losses = [], []
    for line in text.splitlines():
        if match := ENTRY.search(line):
            kernels.append({"name": match[1], "arch": match[2], "registers": 0, "shared": 0,
                            "stack": 0, "spills": 0})
        elif match := LOSS.search(line):
            losses.append(match[1])
        elif kernels and (match := STACK.search(line)):  # Of the kernel, and of what it calls.
            kernels[-1]["stack"] += int(match[1])
            kernels[-1]["spills"] += int(match[2]) + int(match[3])
        elif kernels and (match := REGISTERS.search(line)):
            kernels[-1]["registers"] = int(match[1])
            shared = SHARED.search(line)
            kernels[-1]["shared"] = int(shared[1]) if shared else 0
    return kernels, losses


def reports_of(build):
    """What is kept of each CUDA source that is in the build now."""
    with open(build / "compile_commands.json", encoding="utf-8") as file:
        entries = [e for e in json.load(file) if e["file"].endswith(".cu")]
    for entry in entries:
        words = shlex.split(entry["command"])
        kept = pathlib.Path(entry["directory"], words[words.index("-o") + 1] + ".ptxas")
        if kept.exists():
            yield kept.read_text(encoding="utf-8", errors="replace")
        else:
            print(f"not built yet: {entry['file']}", file=sys.stderr)


def readable(names):
    """The names as they were written, without their parameters, if c++filt is here."""
    try:
        # -p: without the parameters, which say less than they take room.
        done = subprocess.run(["c++filt", "-p"], input="\n".join(names), text=True, check=True,
                              stdout=subprocess.PIPE)
        return [re.sub(r"\(anonymous namespace\)::|sluice::inference::", "", name)
                for name in done.stdout.split("\n")]
    except (OSError, subprocess.CalledProcessError):
        return list(names)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--arch", help="this one only, e.g. sm_90")
    parser.add_argument("--allow-spills", action="store_true", help="say so, but do not fail")
    args = parser.parse_args()

    kernels, losses = [], []
    for text in reports_of(args.build):
        more_kernels, more_losses = read_reports(text)
        kernels += more_kernels
        losses += more_losses
    kernels = [k for k in kernels if args.arch in (None, k["arch"])]
    if not kernels:
        print("no kernel is in this build", file=sys.stderr)
        return 2
    for kernel, name in zip(kernels, readable([k["name"] for k in kernels])):
        kernel["name"] = name
    kernels.sort(key=lambda k: (k["name"], k["arch"]))
    print(f"{'arch':6} {'registers':>9} {'shared':>7} {'stack':>6} {'spills':>7}  kernel")
    for k in kernels:
        print(f"{k['arch']:6} {k['registers']:9} {k['shared']:7} {k['stack']:6} {k['spills']:7}  {k['name']}"
              + ("  <- spills" if k["spills"] else ""))
    for loss in sorted(set(losses)):
        print(loss)
    spilling = sum(1 for k in kernels if k["spills"])
    print(f"{len(kernels)} kernels, {spilling} of them spill"
          + (f", {len(losses)} losses" if losses else ""))
    return 1 if (spilling or losses) and not args.allow_spills else 0


if __name__ == "__main__":
    sys.exit(main())
