#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests of the example adapter: builds it with each compiler; holds its events against the oracle, once under
# sanitizers; puts it through the command, whose figures and books must be the oracle's; runs the commands of its README;
# then plants faults, each of which a comparison must find. EXPROVE: the command (.build/release/exprove). EXPROVE_DATA: the captures.
# Ends with `N passed, N failed`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export EXPROVE="${EXPROVE:-$root/.build/release/exprove}" EXPROVE_DATA="${EXPROVE_DATA:-$root/../shared/data}"
# The record's layout and the session that checks each call are those of the NASDAQ tests.
export PYTHONPATH="$here:$here/../nasdaq" PYTHONDONTWRITEBYTECODE=1
EXPROVE=$(realpath -m "$EXPROVE") EXPROVE_DATA=$(realpath -m "$EXPROVE_DATA")
if [ ! -x "$EXPROVE" ]; then
  echo "pitch: no command at $EXPROVE; build it, or set EXPROVE" >&2
  echo "0 passed, 1 failed"
  exit 1
fi
passed=0 failed=0

good() { passed=$((passed + ${2:-1})); echo "pitch: $1"; }
bad() { failed=$((failed + 1)); echo "pitch: $1" >&2; sed 's/^/  /' "$work/log" >&2; }

# The example alone with the headers, as a vendor has it; $1: where, and what to change before it is built.
copy() {
  mkdir -p "$1/sdk-c/examples"
  cp -r "$root/sdk-c/include" "$1/sdk-c/"
  cp -r "$root/sdk-c/examples/adapter" "$1/sdk-c/examples/"
  rm -f "$1/sdk-c/examples/adapter/libpitch.so"
}
build() { make -C "$1/sdk-c/examples/adapter" "${@:2}" >"$work/log" 2>&1; }
library() { echo "$1/sdk-c/examples/adapter/libpitch.so"; }

# $1: what it is called; $2: the adapter; then the tests. Each test of a run that is good counts.
run_tests() {
  if (cd "$here" && PITCH_SO="$2" python3 -W error -m unittest "${@:3}") >"$work/log" 2>&1; then
    local count skipped
    count=$(sed -n 's/^Ran \([0-9]*\) tests\{0,1\} in.*/\1/p' "$work/log")
    skipped=$(sed -n 's/^OK (skipped=\([0-9]*\))$/\1/p' "$work/log")
    good "$1" $((count - ${skipped:-0}))
  else
    bad "$1"
  fi
}

for compiler in gcc clang; do
  command -v "$compiler" >/dev/null || { echo "pitch: no $compiler" >"$work/log"; bad "$compiler"; continue; }
  copy "$work/$compiler"
  if build "$work/$compiler" CC="$compiler"; then good "$compiler: make"; else bad "$compiler: make"; continue; fi
  for standard in c99 c11 c17; do
    strict=(-std="$standard" -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fsyntax-only)
    if "$compiler" "${strict[@]}" -I"$root/sdk-c/include" "$root/sdk-c/examples/adapter/pitch.c" 2>"$work/log"; then
      good "$compiler: $standard without a warning"
    else
      bad "$compiler: $standard"
    fi
  done
  run_tests "$compiler: lines against the oracle" "$(library "$work/$compiler")" test_lines
  run_tests "$compiler: the command's figures against the oracle" "$(library "$work/$compiler")" test_host
done

copy "$work/readme"
export PITCH_COPY="$work/readme/sdk-c/examples/adapter"
run_tests "the tutorial's commands" - test_readme

if build "$work/gcc" -B CC=gcc CFLAGS="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all" link=; then
  export ASAN_OPTIONS=detect_leaks=0
  LD_PRELOAD=$(gcc -print-file-name=libasan.so) run_tests "under sanitizers" "$(library "$work/gcc")" \
    test_lines.LinesTest.test_broken_streams test_lines.LinesTest.test_damaged_state
  unset ASAN_OPTIONS
else
  bad "under sanitizers"
fi

# A fault is an edit of the source ($3) that builds, and that the test $2 must find.
plant() {
  local place="$work/fault" source="$work/fault/sdk-c/examples/adapter/pitch.c"
  rm -rf "$place"
  copy "$place"
  sed -i "$3" "$source"
  : >"$work/log"
  if cmp -s "$source" "$root/sdk-c/examples/adapter/pitch.c"; then bad "fault changes nothing: $1"; return; fi
  build "$place" CC=gcc || { bad "fault does not build: $1"; return; }
  if (cd "$here" && PITCH_SO="$(library "$place")" timeout 300 python3 -m unittest "$2") >"$work/log" 2>&1; then
    bad "fault is not found by $2: $1"
  elif grep -q '^FAIL: ' "$work/log"; then
    good "fault found by $2: $1"
  else
    bad "fault ends $2 in another way: $1"
  fi
}
figures=test_host.MadeUpTest
[ ! -e "$EXPROVE_DATA/pitch/bats-pitch.txt" ] || figures=test_host.CaptureTest
lines=test_lines.LinesTest
plant "the wrong side" "$figures.test_books" "s/== 'B' ? EXPROVE_SIDE_BUY/== 'S' ? EXPROVE_SIDE_BUY/"
plant "prices ten times too low" "$figures.test_books" 's/v \* 100000/v * 10000/'
plant "hidden trades without volume" "$figures.test_volume" 's/(EXPROVE_FLAG_HIDDEN | EXPROVE_FLAG_VOLUME)/EXPROVE_FLAG_HIDDEN/'
plant "cancels that take nothing" "$figures.test_books" "s/{ORDER_ID, QUANTITY}}/{ORDER_ID, SKIP(6, NULL)}}/"
plant "microseconds" "$figures.test_summary" 's/milliseconds \* 1000000/milliseconds * 1000/'
plant "a message in another's counter" "$figures.test_summary" 's/counts\[l - layouts\]++/counts[0]++/'
plant "symbols cut to three letters" "$figures.test_events" "s/SYMBOL_OF(6)/SYMBOL_OF(3), SKIP(3, NULL)/"
plant "orders cancelled beyond their shares" "$lines.test_broken_streams" 's/if (e->quantity > order->shares)/if (0)/'
plant "orders added while they live" "$lines.test_broken_streams" 's/if (order->shares > 0) return/if (0) return/'
plant "breaks that can follow twice" "$lines.test_broken_streams" 's/find(s, EXECUTION, e->aux)->shares = 0/(void)0/'
plant "a clear that keeps the orders" "$lines.test_broken_streams" 's/entries\[i\].instrument == e->instrument) s/entries[i].instrument == e->instrument \&\& 0) s/'
plant "saved states that depend on the table" "$lines.test_state" '/qsort(/d'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
