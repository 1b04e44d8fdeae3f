#!/usr/bin/env bash
# inference/tools/gpu_check.sh [OUT]: all that only a GPU can show, in one command and eight minutes
# at most: builds inference/ alone, runs the kernels' tests, memcheck and racecheck on them, parity
# with transformers, and the benchmark with its floors, beside transformers on the same machine.
# OUT (default gpu-check/) gets the logs, gpu.json and gpu.md. A step is ok, failed or not run, and
# then it is said why; exit 1 where one failed. docs/benchmarks/gpu.md lists what has to be installed.
set -uo pipefail
cd "$(dirname "$0")/../.."
PATH=$PATH:/usr/local/cuda/bin
export build=.cache/gpu-build
export tests=$build/cuda_tests/on_device/inference_gpu_test
out=${1:-gpu-check}
failed=()

smi="not found"
if command -v nvidia-smi >/dev/null; then
  smi=$(timeout --kill-after=2 18 nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>&1 | head -n 1)
fi
if [[ ! $smi =~ ^[0-9]+\.[0-9]+$ ]]; then
  echo "no GPU is here (nvidia-smi: ${smi:-no answer within 18 s})"
  exit 1
fi
export architecture=${smi/./}-real
spare=$((20 - SECONDS))  # That earlier steps have left; with those given below they add up to 480.
mkdir -p "$out"
rm -f "$out"/*.log "$out"/steps.tsv "$out"/gpu.md "$out"/gpu.json  # Of a run before.

# note NAME STATE SECONDS WHY: one line of the report, and of the terminal.
note() {
  printf '%s\t%s\t%s\t%s\n' "$@" >>"$out/steps.tsv"
  echo "$1: $2, $3 s${4:+: $4}"
}

# step NAME SECONDS COMMAND...: its output goes to OUT/NAME.log; a failure is noted, and we go on.
step() {
  local name=$1 limit=$(($2 + spare)) begin=$SECONDS status why
  shift 2
  timeout --kill-after=3 "$((limit - 3))" "$@" >"$out/$name.log" 2>&1
  status=$?
  local took=$((SECONDS - begin))
  spare=$((limit > took ? limit - took : 0))
  if [ "$status" -eq 0 ]; then
    note "$name" ok "$took" ""
    return
  fi
  why="exit $status"
  [ "$status" -ne 124 ] && [ "$status" -ne 137 ] || why="not done after $((limit - 3)) s"
  note "$name" failed "$took" "$why; see $out/$name.log"
  tail -n 15 "$out/$name.log"
  failed+=("$name")
  return 1
}

# skip NAME SECONDS WHY: the step is not run, and that is no failure.
skip() {
  spare=$((spare + $2))
  note "$1" "not run" 0 "$3"
}

report() {
  timeout 10 python3 inference/tools/gpu_report.py "$out" && echo "$out/gpu.md, $out/gpu.json"
}

configure_and_build() {
  local generator=Ninja
  command -v ninja >/dev/null || generator="Unix Makefiles"
  cmake -S inference -B "$build" -G "$generator" -DCMAKE_BUILD_TYPE=Release -DSLUICE_CUDA=ON \
    -DCMAKE_CUDA_ARCHITECTURES="$architecture" -DSLUICE_WERROR=OFF -DSLUICE_DEPS="$PWD/.cache/gpu-deps" ||
    return
  if ! cmake --build "$build" --target help | grep inference_gpu_test >/dev/null; then
    echo "GoogleTest is not here: install it (Debian: libgtest-dev, libgmock-dev), or bring along" \
      ".cache/gpu-deps, which inference/tools/gpu_deps.sh makes on a machine that has it"
    return 1
  fi
  cmake --build "$build" --parallel "$(nproc)" --target inference_gpu_test logits_driver cuda_bench
}

# A process for each suite, since an error may leave CUDA unusable to the rest of its process; the
# kernels first, then what is built of them.
run_suites() {
  local suites suite status failed=
  suites=$("$tests" --gtest_list_tests | awk '$1 ~ /^[A-Za-z0-9_\/]+\.$/ { print $1 }')
  [ -n "$suites" ] || { echo "$tests lists no tests"; return 1; }
  for suite in $(grep -v '^Cuda' <<<"$suites") $(grep '^Cuda' <<<"$suites"); do
    timeout --foreground --kill-after=2 20 "$tests" --gtest_filter="$suite*"
    status=$?
    [ "$status" -eq 0 ] || failed+=" ${suite%.} (exit $status)"
  done
  [ -z "$failed" ] || echo "failed suites:$failed"
  [ -z "$failed" ]
}

# What compute-sanitizer cannot do here goes to no_sanitizer: some machines do not let it look at the
# device. It is slow: tests that run kernels and no model, attention's with heads of 128 only.
some='*Gemm*/0:*Attention*/1:*Rope*:*Embed*:*ChooseTokens*:*Pack*:ScaledFp8*'
no_sanitizer=
try_sanitizer() {
  local log=$out/sanitizer.log begin=$SECONDS status
  if ! command -v compute-sanitizer >/dev/null; then
    no_sanitizer="compute-sanitizer is not installed"
    spare=$((spare + 15))
    return
  fi
  timeout --kill-after=3 12 compute-sanitizer --tool memcheck "$tests" \
    --gtest_filter=PackWeights.RoundsFloats >"$log" 2>&1
  status=$?
  spare=$((spare + 15 - (SECONDS - begin)))
  if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
    no_sanitizer="compute-sanitizer was not done with one small test after 12 s"
  elif [ "$status" -ne 0 ]; then
    no_sanitizer=$(grep -im 1 'not supported\|unable to\|failed to initialize' "$log" | sed 's/^[= ]*//')
  fi
}
sanitize() {  # sanitize TOOL
  if [ -n "$no_sanitizer" ]; then
    skip "$1" 35 "$no_sanitizer"
  else
    step "$1" 35 compute-sanitizer --tool "$1" --error-exitcode 1 "$tests" --gtest_filter="$some"
  fi
}

# with_python NAME SECONDS SCRIPT...: a step that needs transformers.
with_python() {
  local lacks
  lacks=$(python3 -c 'import importlib.util as util
print(*[name for name in ("numpy", "safetensors", "torch", "transformers") if not util.find_spec(name)])') ||
    lacks="interpreter"
  if [ -n "$lacks" ]; then
    skip "$1" "$2" "python3 has no $lacks"
  else
    step "$1" "$2" python3 "${@:3}"
  fi
}

export -f configure_and_build run_suites
step build 130 bash -c configure_and_build || { report; exit 1; }
step tests 50 bash -c run_suites
try_sanitizer
sanitize memcheck
sanitize racecheck
with_python parity 60 tools/inference/parity.py --cuda --driver "$build/logits_driver"
step bench 90 "$build/cuda_bench" --seconds 0.4
with_python peers 35 inference/tools/gpu_peers.py
report
[ ${#failed[@]} -eq 0 ] || echo "failed: ${failed[*]}"
[ ${#failed[@]} -eq 0 ]
