#!/usr/bin/env bash
# tools/setup-cuda.sh: sees to it that a build finds a CUDA toolkit. One of 12.4 or newer on this
# machine does ($CUDACXX, $CUDA_HOME, nvcc on PATH, /usr/local/cuda); otherwise the compiler, its
# headers and the static runtime are fetched from PyPI into .cache/cuda, some 280 MB. No root, no
# driver and no GPU are needed. Does nothing, at once, when the toolkit is there.
#
# Exit 0: a toolkit is there. 1: it could not be had. 2: wrong use, or no toolkit for this machine.
set -euo pipefail
cd "$(dirname "$0")/.."

# 13.0: what these build runs on the drivers of every 13.x. The tool that looks into objects has no
# release of that version; it reads those of older compilers.
pins=(
  nvidia-cuda-nvcc==13.0.88
  nvidia-cuda-crt==13.0.88
  nvidia-nvvm==13.0.88
  nvidia-cuda-runtime==13.0.96
  nvidia-cuda-cccl==13.0.85
  nvidia-cuda-cuobjdump==13.2.51
)
oldest=12.4
target=.cache/cuda

if [ $# -gt 0 ]; then
  sed -n '2,7s/^# \{0,1\}//p' "$0"
  case "$1" in -h | --help) exit 0 ;; *) exit 2 ;; esac
fi

# release_of NVCC: "13.0"; empty where it does not run.
release_of() { "$1" --version 2>/dev/null | sed -n 's/.*release \([0-9]*\.[0-9]*\).*/\1/p'; }

is_new_enough() { [ "$(printf '%s\n' "$oldest" "$1" | sort -V | head -n 1)" = "$oldest" ]; }

# The same places in the same order as cmake/cuda.cmake.
for nvcc in "${CUDACXX:-}" "${CUDA_HOME:+$CUDA_HOME/bin/nvcc}" "$(command -v nvcc || true)" \
  /usr/local/cuda/bin/nvcc; do
  [ -n "$nvcc" ] && release=$(release_of "$nvcc") && [ -n "$release" ] || continue
  if is_new_enough "$release"; then
    echo "setup-cuda: CUDA $release is here: $nvcc"
    exit 0
  fi
  echo "setup-cuda: $nvcc is of CUDA $release; $oldest or newer is wanted, so it is left alone" >&2
done

if [ "$(cat "$target/pins" 2>/dev/null)" = "${pins[*]}" ]; then
  echo "setup-cuda: CUDA $(release_of "$target/bin/nvcc") is here: $target/bin/nvcc"
  exit 0
fi

case "$(uname -s) $(uname -m)" in
  "Linux x86_64" | "Linux aarch64") ;;
  *)
    echo "setup-cuda: there are no wheels of CUDA for $(uname -s) $(uname -m)" >&2
    exit 2
    ;;
esac
if ! command -v python3 >/dev/null; then
  echo "setup-cuda: python3 is wanted, for pip" >&2
  exit 1
fi

mkdir -p .cache
work=$(mktemp -d .cache/cuda.XXXXXX)
trap 'rm -rf "$work"' EXIT
pip=(python3 -m pip)
if ! "${pip[@]}" --version >/dev/null 2>&1; then
  if ! python3 -m venv "$work/venv" >"$work/log" 2>&1; then
    tail -n 5 "$work/log" >&2
    echo "setup-cuda: pip is wanted: install python3-pip or python3-venv" >&2
    exit 1
  fi
  pip=("$work/venv/bin/python" -m pip)
fi

echo "setup-cuda: fetching ${pins[*]}"
# A folder of its own is nobody's environment, whatever the distribution says of pip.
if ! PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 \
  "${pip[@]}" install --no-input --no-deps --no-compile --only-binary :all: --retries 2 \
  --target "$work/wheels" "${pins[@]}" >"$work/log" 2>&1; then
  tail -n 5 "$work/log" >&2
  echo "setup-cuda: the toolkit could not be fetched: is PyPI (or pip's own index) within reach?" >&2
  exit 1
fi

# They all unpack into one root. nvcc looks for its libraries in lib64.
root=$work/wheels/nvidia/cu13
ln -sfn lib "$root/lib64"
printf 'int main() { return 0; }\n' >"$work/probe.cu"
if ! "$root/bin/nvcc" -arch=sm_80 -o "$work/probe" "$work/probe.cu" >"$work/log" 2>&1; then
  tail -n 5 "$work/log" >&2
  echo "setup-cuda: what was fetched does not compile; is there a C++ compiler (tools/setup.sh)?" >&2
  exit 1
fi
echo "${pins[*]}" >"$root/pins"
rm -rf "$target"
mv "$root" "$target"
echo "setup-cuda: CUDA $(release_of "$target/bin/nvcc") is in $target"
