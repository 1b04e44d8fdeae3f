#!/usr/bin/env bash
# inference/tools/gpu_deps.sh: puts what inference/ and its tests are built with into .cache/gpu-deps,
# from this machine's packages, for a machine that has none (gpu_check.sh).
set -euo pipefail
cd "$(dirname "$0")/../.."
to=.cache/gpu-deps
rm -rf "$to"
mkdir -p "$to/include"
cp -r /usr/include/nlohmann "$to/include/"
cp -r /usr/src/googletest "$to/googletest"
du -sh "$to"
