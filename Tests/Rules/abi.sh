#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compares the present headers with each released one, frozen in Tests/AdapterHostTests/abi-*, by abidiff: structs may
# grow at their end and enumerations by new values, and nothing else may change. First it must find planted changes.
# Ends with `N passed, N failed`.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
rules="$root/Tests/Rules/abi"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
good() { passed=$((passed + 1)); echo "ok: $1"; }
bad() { failed=$((failed + 1)); echo "$1"; sed 's/^/  /' "$work/log"; }
command -v abidiff >/dev/null || { echo "abidiff is missing: install abigail-tools"; echo "0 passed, 1 failed"; exit 1; }

# What the released headers $1 have, in a library made with those of $2. DWARF 4 is what every abidiff reads.
library() {
  python3 "$rules/values.py" surface "$1" >"$work/surface.c"
  gcc -gdwarf-4 -O0 -fPIC -shared -I"$2" "$work/surface.c" -o "$3"
}
# Each constant, and each member's place and size: abidiff lets pass what else happens to a struct that grew, and sees
# no macros.
values() {
  python3 "$rules/values.py" values "$1" >"$work/values.c"
  gcc -I"$2" "$work/values.c" -o "$work/values" && "$work/values"
}
# Whether $2 may follow $1.
follows() {
  library "$1" "$1" "$work/old.so" && library "$1" "$2" "$work/new.so" || return 1
  abidiff --suppr "$rules/growth.suppr" "$work/old.so" "$work/new.so" || return 1
  values "$1" "$1" >"$work/old.txt" && values "$1" "$2" >"$work/new.txt" && diff "$work/old.txt" "$work/new.txt"
}
# $1: what is planted, $2: take or refuse, $3: the file, $4: an edit.
plant() {
  rm -rf "$work/planted"
  cp -r "$root/sdk-c/include" "$work/planted"
  sed -i "$4" "$work/planted/exprove/$3"
  : >"$work/log"
  if cmp -s "$work/planted/exprove/$3" "$root/sdk-c/include/exprove/$3"; then bad "changes nothing: $1"; return; fi
  # The assertions of the header itself would find some of these; here they must not have to.
  sed -i '/^EXPROVE_STATIC_ASSERT/d' "$work/planted/exprove/"*.h
  if follows "$root/sdk-c/include" "$work/planted" >"$work/log" 2>&1; then
    if [ "$2" = take ]; then good "$1"; else bad "not found: $1"; fi
  elif [ "$2" = refuse ]; then good "found: $1"
  else bad "$1"; fi
}
plant "a member at the end of a struct" take adapter.h 's/^} exprove_config;/  uint64_t later;\n&/'
plant "a slot at the end of the table" take adapter.h 's/^} exprove_adapter;/  void (*later)(void);\n&/'
plant "a new value" take event.h 's/EXPROVE_SIDE_SELL = 2/&, EXPROVE_SIDE_CROSS = 3/'
plant "a member in the middle" refuse adapter.h 's/^  uint32_t framing;.*/  uint64_t middle;\n&/'
plant "a slot in the middle" refuse adapter.h 's/^  void (\*deinit)(void);/  void (*middle)(void);\n&/'
plant "a member in the middle and one at the end" refuse adapter.h \
  's/^  uint32_t framing;.*/  uint64_t middle;\n&/; s/^} exprove_config;/  uint64_t later;\n&/'
plant "another type behind a growing end" refuse adapter.h \
  's/^  int64_t day_start;/  int32_t day_start, half;/; s/^} exprove_config;/  uint64_t later;\n&/'
plant "a slot with another signature" refuse adapter.h 's/^  void (\*deinit)(void);/  void (*deinit)(int);/'
plant "a slot with another signature in a struct that grows" refuse extensions.h \
  '/(\*encode)/,/;/s/uint32_t capacity/uint64_t capacity/; s/^} exprove_order_entry_v1;/  void *later;\n&/'
plant "two members exchanged" refuse adapter.h 's/^  uint32_t frames_used;/  uint32_t exchanged;/; s/^  uint32_t events_filled;/  uint32_t frames_used;/; s/uint32_t exchanged;/uint32_t events_filled;/'
plant "a member gone" refuse event.h 's/^  uint16_t reserved;.*/  uint16_t spare;/'
plant "another value" refuse event.h 's/EXPROVE_KIND_TRADE = 10/EXPROVE_KIND_TRADE = 60/'
plant "another status" refuse abi.h 's/EXPROVE_TOO_SMALL = 4/EXPROVE_TOO_SMALL = 44/'
plant "another flag" refuse event.h 's/EXPROVE_FLAG_VOLUME 0x0004u/EXPROVE_FLAG_VOLUME 0x4000u/'

for frozen in "$root"/Tests/AdapterHostTests/abi-*; do
  if follows "$frozen" "$root/sdk-c/include" >"$work/log" 2>&1; then
    good "the present headers follow ${frozen##*/}"
  else
    bad "the present headers break ${frozen##*/}"
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
