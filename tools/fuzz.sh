#!/usr/bin/env bash
# tools/fuzz.sh BUILD_DIR SECONDS: builds the fuzz targets (tests/fuzz/*_fuzz.cc) and runs each for its
# share of SECONDS, from its seed corpus in tests/fuzz/corpus/. New inputs stay in the build tree; an
# input that fails is kept there and its path is printed.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 seconds=$2

mapfile -t targets < <(find tests/fuzz -name '*_fuzz.cc' -printf '%f\n' | sed 's/\.cc$//' | sort)
if [ ${#targets[@]} = 0 ]; then
  echo "fuzz: no targets"
  exit 0
fi
cmake --build "$build" -j "$(nproc)" --target "${targets[@]}"
share=$((seconds / ${#targets[@]}))
[ "$share" -gt 0 ] || share=1
for target in "${targets[@]}"; do
  found=$build/fuzz/$target
  mkdir -p "$found"
  program=$(find "$build" -type f -name "$target" -perm -u+x | head -n 1)
  seeds=()
  corpus=tests/fuzz/corpus/${target%_fuzz}
  if [ -d "$corpus" ]; then seeds=("$corpus"); fi
  echo "fuzz: $target for $share s"
  if ! "$program" -max_total_time="$share" -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$found/" "$found" ${seeds[@]+"${seeds[@]}"} >"$found.log" 2>&1; then
    tail -n 40 "$found.log"
    exit 1
  fi
  grep -E 'stat::number_of_executed_units|stat::new_units_added' "$found.log"
done
