#!/usr/bin/env python3
"""Runs a command on every C++ source of ours in a build tree's compile_commands.json, in parallel.

  tools/for_each_source.py BUILD_DIR clang-tidy-14 -p BUILD_DIR   the command, then the file
  tools/for_each_source.py BUILD_DIR --recompile clang++-14       the compile command, syntax only
  tools/for_each_source.py BUILD_DIR --but BUILT_DIR ...          not what has been built there

Prints what failed; the exit status is 1 if any did.
"""

import concurrent.futures
import json
import os
import shlex
import subprocess
import sys


def syntax_only(entry, compiler):
    """The compile command of `entry` with another compiler, and without output."""
    words = shlex.split(entry["command"])
    if os.path.basename(words[0]) == "ccache":
        words = words[1:]
    words[0] = compiler
    kept = []
    position = 0
    while position < len(words):
        if words[position] in ("-o", "-MF", "-MT", "-MQ"):
            position += 2
            continue
        # g++ has warnings that clang has not heard of.
        if words[position] not in ("-c", "-MD", "-MMD", "-Wno-maybe-uninitialized", "-Wno-tsan"):
            kept.append(words[position])
        position += 1
    return kept + ["-fsyntax-only", "-Wno-unknown-warning-option"]


def built_in(build):
    """The sources whose objects are in that build tree."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    objects = {e["file"]: shlex.split(e["command"]) for e in entries}
    return {source for source, words in objects.items()
            if os.path.exists(os.path.join(build, words[words.index("-o") + 1]))}


def main():
    build, command = sys.argv[1], sys.argv[2:]
    root = os.getcwd()
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    if command[0] == "--but":
        built = built_in(command[1])
        command = command[2:]
        entries = [e for e in entries if e["file"] not in built]
    entries = [e for e in entries if e["file"].startswith(root + "/") and e["file"].endswith(".cc")
               and not e["file"].startswith(os.path.abspath(build) + "/")]

    def run(entry):
        if command[0] == "--recompile":
            words = syntax_only(entry, command[1])
        else:
            words = command + [entry["file"]]
        return entry["file"], subprocess.run(words, cwd=entry["directory"], text=True, check=False,
                                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, result in pool.map(run, entries):
            if result.returncode != 0:
                failed += 1
                print(f"--- {os.path.relpath(name, root)}\n{result.stdout}", flush=True)
    print(f"{len(entries) - failed} of {len(entries)} sources are clean")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
