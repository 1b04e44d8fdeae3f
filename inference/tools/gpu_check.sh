#!/usr/bin/env bash
# inference/tools/gpu_check.sh [OUT]: all that only a GPU can show, in one command and some eight
# minutes: builds inference/ alone, runs the kernels' tests, memcheck and racecheck on them, parity
# with transformers, and the benchmark with its floors, beside transformers on the same machine.
# OUT (default gpu-check/) gets the logs, gpu.json and gpu.md; exit 1 where anything failed.
#
# Wants a CUDA toolkit, CMake, Ninja, and a python3 with torch and transformers; nothing from a
# network. nlohmann-json and GoogleTest are the system's, or those that inference/tools/gpu_deps.sh
# has put into .cache/gpu-deps on another machine.
set -uo pipefail
cd "$(dirname "$0")/../.."
PATH=$PATH:/usr/local/cuda/bin
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
    -DCMAKE_CUDA_ARCHITECTURES="$capability-real" -DSLUICE_WERROR=OFF -DSLUICE_DEPS="$PWD/.cache/gpu-deps" &&
    cmake --build "$build" --target inference_gpu_test logits_driver cuda_bench
}

tests=$build/cuda_tests/on_device/inference_gpu_test
# The tools of compute-sanitizer are slow: one test of each kernel, with heads of 128. Some machines
# do not let it look at the device, which is said, and no failure.
some='*Gemm*/0:*Attention*/1:*Rope*:*Embed*:ChooseTokens*:*Pack*'
sanitize() {  # sanitize TOOL
  if ! compute-sanitizer --tool memcheck "$tests" --gtest_filter='PackWeights.RoundsFloats' >"$out/$1.log" 2>&1 &&
    grep -qi 'not supported\|unable to\|failed to initialize' "$out/$1.log"; then
    echo "$1: not run, compute-sanitizer cannot use this device; see $out/$1.log"
    return
  fi
  step "$1" 60 compute-sanitizer --tool "$1" --error-exitcode 1 "$tests" --gtest_brief=1 --gtest_filter="$some"
}

export build
export -f configure_and_build
step build 150 bash -c configure_and_build || exit 1
step tests 30 "$tests" --gtest_brief=1
sanitize memcheck
sanitize racecheck
step parity 90 python3 tools/inference/parity.py --cuda --driver "$build/logits_driver"
step bench 120 "$build/cuda_bench"
step peers 60 python3 inference/tools/gpu_peers.py
python3 inference/tools/gpu_report.py "$out" "${failed[@]}"
[ ${#failed[@]} -eq 0 ]
