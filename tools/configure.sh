#!/usr/bin/env bash
# tools/configure.sh BUILD_DIR [-DNAME=VALUE]...: configures an optimised build there, unless it is
# configured so already. A plain build leaves tests and benchmarks out, so that it needs the build
# packages only; what an earlier call switched on stays on. CMAKE_FLAGS in the environment go to each
# configuration.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 && shift
read -ra flags <<<"${CMAKE_FLAGS:-}"

if [ ! -e "$build/build.ninja" ]; then
  # A configure that failed half way leaves a cache that would hide a package installed since.
  rm -rf "$build/CMakeCache.txt" "$build/CMakeFiles"
  cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DSLUICE_TESTS=OFF -DSLUICE_BENCH=OFF "${flags[@]}" "$@" --log-level=WARNING
  exit 0
fi
for option in "$@"; do
  name=${option#-D} && name=${name%%=*}
  if ! grep -q "^$name:[A-Z]*=${option#*=}\$" "$build/CMakeCache.txt"; then
    cmake -S . -B "$build" "${flags[@]}" "$@" --log-level=WARNING
    exit 0
  fi
done
