#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fuzzes each of the host's parsers with libFuzzer for 60 seconds, or for as many as its argument says, from the saved
# corpus on. What crashes, hangs or takes too much memory is left in .build/fuzz/findings, and the exit code is 1.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
seconds=${1:-60}
source "$root/.packages.sh"
install_packages "${runtime_packages[@]}"
build="$root/.build/fuzz"
EXPROVE_FUZZING=1 swift build --package-path "$root" --scratch-path "$build" --cache-path "$root/.build/cache" \
  --manifest-cache local -c release --disable-local-rpath --product fuzz-target
mkdir -p "$build/findings"
failed=0
for corpus in "$root"/Tests/Fuzz/corpus/*/; do
  parser=$(basename "$corpus")
  echo "== $parser: $seconds s"
  mkdir -p "$build/corpus/$parser"
  EXPROVE_FUZZ=$parser "$build/release/fuzz-target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -max_len=65536 -print_final_stats=1 -artifact_prefix="$build/findings/$parser-" "$build/corpus/$parser" "$corpus" \
    2>&1 | tail -8 || { echo "== $parser: a finding lies in $build/findings"; failed=$((failed + 1)); }
done
[ "$failed" -eq 0 ]
