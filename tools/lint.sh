#!/usr/bin/env bash
# tools/lint.sh BUILD_DIR [--quick]: clang-format, the tidy test, then clang-tidy over every source of
# ours. --quick leaves clang-tidy out (it reads every header of Boost again for every file).
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
mode=${2:-full}

mapfile -t sources < <(find base event inference filter channels sinks sources manifest broker cli tests bench \
  \( -name '*.cc' -o -name '*.h' -o -name '*.cu' -o -name '*.cuh' \) | sort)

echo "lint: clang-format of ${#sources[@]} files"
clang-format-14 --dry-run --Werror "${sources[@]}"

echo "lint: tidy test"
tools/configure.sh "$build" -DSLUICE_TESTS=ON
cmake --build "$build" --target tidy_test -j "$(nproc)" >/dev/null
"$build/tests/tidy_test" --gtest_brief=1

[ "$mode" != --quick ] || exit 0
echo "lint: clang-tidy"
# The commands are those of g++, some of whose warnings clang does not know.
python3 tools/for_each_source.py "$build" clang-tidy-14 --quiet -p "$build" \
  --extra-arg=-Wno-unknown-warning-option
