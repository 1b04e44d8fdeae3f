#!/usr/bin/env bash
# inference/tools/gpu_check.sh [OUT]: all that only a GPU can show, in one command and less than eight
# minutes: builds inference/ alone, runs the kernels' tests, memcheck and racecheck on them, parity
# with transformers, and the benchmark with its floors, beside transformers on the same machine.
# OUT (default gpu-check/) gets the logs, gpu.json and gpu.md; exit 1 where anything failed.
#
# Wants a CUDA toolkit, CMake, Ninja, and a python3 with torch and transformers; nothing from a
# network. nlohmann-json and GoogleTest are the system's, or those that inference/tools/gpu_deps.sh
# has put into .cache/gpu-deps on another machine.
set -uo pipefail
cd "$(dirname "$0")/../.."
out=${1:-gpu-check}
build=.cache/gpu-build
failed=()
mkdir -p "$out"

# step NAME SECONDS COMMAND...: its output goes to OUT/NAME.log; a failure is noted, and we go on.
step() {
  local name=$1 limit=$2 begin=$SECONDS
  shift 2
  if timeout "$limit" "$@" >"$out/$name.log" 2>&1; then
    echo "$name: ok, $((SECONDS - begin)) s"
  else
    echo "$name: FAILED ($?), $((SECONDS - begin)) s; the end of $out/$name.log:"
    tail -n 15 "$out/$name.log"
    failed+=("$name")
    return 1
  fi
}

configure_and_build() {
  local capability
  capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -n 1 | tr -d .)
  cmake -S inference -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSLUICE_CUDA=ON \
    -DCMAKE_CUDA_ARCHITECTURES="$capability-real" -DSLUICE_DEPS="$PWD/.cache/gpu-deps" &&
    cmake --build "$build" --target inference_gpu_test logits_driver cuda_bench
}

tests=$build/cuda_tests/on_device/inference_gpu_test
# The tools of compute-sanitizer are slow: one test of each kernel.
some='*Gemm*:*Attention*/0:*Rope*:*Embed*:*Choose*:*Pack*'

step build 240 configure_and_build || exit 1
step tests 60 "$tests" --gtest_brief=1
step memcheck 60 compute-sanitizer --tool memcheck --error-exitcode 1 "$tests" --gtest_brief=1 --gtest_filter="$some"
step racecheck 60 compute-sanitizer --tool racecheck --error-exitcode 1 "$tests" --gtest_brief=1 --gtest_filter="$some"
step parity 90 python3 tools/inference/parity.py --cuda --driver "$build/logits_driver"
step bench 150 "$build/cuda_bench"
step peers 60 python3 inference/tools/gpu_peers.py
python3 inference/tools/gpu_report.py "$out" "${failed[@]}"
[ ${#failed[@]} -eq 0 ]
