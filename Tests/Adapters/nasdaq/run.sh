#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests of the NASDAQ adapter: builds it with each compiler at hand, checks what it exports, holds it against the
# oracles, and fuzzes it under sanitizers. EXPROVE_DATA names the captures; FUZZ_ROUNDS how long to fuzz.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sources="$root/Plugins/nasdaq"
rules="-std=c11 -Wall -Wextra -Wpedantic -Werror -I$root/sdk-c/include"
export EXPROVE_DATA="${EXPROVE_DATA:-$root/../shared/data}" PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1

tested=no
for compiler in gcc clang; do
  command -v "$compiler" >/dev/null || continue
  tested=yes
  library="$work/nasdaq-$compiler.so"
  "$compiler" $rules -O3 -shared -fPIC -fvisibility=hidden "$sources"/*.c -o "$library"
  exported=$(nm -D --defined-only "$library" | awk '$2 == "T" {print $3}' | grep -vx '_init\|_fini' || true)
  [ "$exported" = exprove_adapter_entry ] || { echo "nasdaq: exports $exported" >&2; exit 1; }
  echo "nasdaq: $compiler"
  (cd "$here" && NASDAQ_SO="$library" python3 -W error -m unittest -q test_itch test_ouch test_state)
  "$compiler" $rules -O2 -DNASDAQ_WITHOUT_SHORTCUT -shared -fPIC -fvisibility=hidden "$sources"/*.c -o "$work/long.so"
  (cd "$here" && NASDAQ_SO="$work/long.so" python3 -W error -m unittest -q test_itch)
  "$compiler" $rules -Wno-pedantic -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
    "$sources"/*.c "$here/fuzz.c" -o "$work/fuzz" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
  "$work/fuzz" "${FUZZ_SEED:-1}" "${FUZZ_ROUNDS:-500}"
done
[ "$tested" = yes ] || { echo "nasdaq: neither gcc nor clang found" >&2; exit 1; }
