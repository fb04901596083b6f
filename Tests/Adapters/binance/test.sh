#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All tests of the Binance adapter: each compiler without warnings, only one symbol exported, messages, books, orders,
# captures, fuzzing under sanitizers. FUZZ_SECONDS (20), FUZZ_SEED (1), EXPROVE_DATA.
# `test.sh --bench` measures instead.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
strict="-std=c11 -Wall -Wextra -Werror -I$root/sdk-c/include"
shared="-shared -fPIC -fvisibility=hidden"

for compiler in gcc clang; do
  command -v "$compiler" >/dev/null || continue
  # shellcheck disable=SC2086
  "$compiler" $strict $shared -O3 "$root"/Plugins/binance/*.c -o "$work/$compiler.so"
  # Some linkers add three names of their own.
  exported=$(nm -D --defined-only "$work/$compiler.so" |
    awk '$3 !~ /^(_end|_edata|__bss_start)$/ {print $3}')
  [ "$exported" = exprove_adapter_entry ] || { echo "exports more than its entry: $exported" >&2; exit 1; }
  library="$work/$compiler.so"
done

if [ "${1:-}" = --bench ]; then
  # shellcheck disable=SC2086
  "$compiler" $strict -O2 "$here/bench.c" -o "$work/bench"
  data=${EXPROVE_DATA:-$root/../shared/data}/binance
  for market in spot usdm; do gzip -dc "$data/${market}_btcusdt_20240808.gz" >"$work/$market"; done
  for built in "$work"/*.so; do
    echo "$(basename "$built" .so)"
    "$work/bench" "$built" spot "$work/spot" usdm "$work/usdm"
  done
  exit
fi

export BINANCE_SO="$library" PYTHONDONTWRITEBYTECODE=1
for test in market_test orders_test books_test captures_test; do
  echo "$test"
  python3 "$here/$test.py"
done

sanitizers="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"
# shellcheck disable=SC2086
{
  gcc $strict $shared $sanitizers "$root"/Plugins/binance/*.c -o "$work/fast.so"
  gcc $strict $shared $sanitizers -DBINANCE_PLAIN -DBINANCE_PORTABLE "$root"/Plugins/binance/*.c -o "$work/plain.so"
  gcc $strict $sanitizers "$here/fuzz.c" -ldl -o "$work/fuzz"
}
python3 "$here/fuzz_corpus.py" "$work/corpus"
"$work/fuzz" "$work/fast.so" "$work/plain.so" "${FUZZ_SECONDS:-20}" "${FUZZ_SEED:-1}" "$work/corpus"
