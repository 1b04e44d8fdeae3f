#!/usr/bin/env bash
# tools/run_tests.sh BUILD_DIR [ctest option]...: runs the tests of a build tree. Failures are shown in
# full, skipped tests with their reason; the last line is `N passed, N failed, N skipped`.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 && shift

results=$PWD/$build/test-results.xml
rm -f "$results"
# Before the tests that read what it brings; where it cannot, they are skipped and say so.
python3 -B tests/e2e/clients.py || true
status=0
# Twice as many as cores: tests on servers wait more than they compute.
ctest --test-dir "$build" --output-on-failure --no-tests=error --output-junit "$results" \
  -j "$(($(nproc) * 2))" --progress "$@" || status=$?
python3 tools/count_tests.py "$results" || status=1
exit "$status"
