#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What `exprove adapter new` writes, in each language: it builds with the language's own tools and without a network,
# conforms, and gives the same events as the others; names and places that it must refuse it refuses. Then the C++ layer's
# own tests. EXPROVE: the command (.build/release/exprove). Ends with `N passed, N failed`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
export EXPROVE="${EXPROVE:-$root/.build/release/exprove}"
EXPROVE=$(realpath -m "$EXPROVE")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ ! -x "$EXPROVE" ]; then
  echo "templates: no command at $EXPROVE; build it, or set EXPROVE" >&2
  echo "0 passed, 1 failed"
  exit 1
fi
passed=0 failed=0
good() { passed=$((passed + 1)); echo "templates: $1"; }
bad() { failed=$((failed + 1)); echo "templates: $1" >&2; sed 's/^/  /' "$work/log" >&2; }
check() { local name=$1; shift; if "$@" >"$work/log" 2>&1; then good "$name"; else bad "$name"; fi; }
# The code must be $2, and what is said must have the words $3.
refused() {
  local name=$1 code=$2 words=$3 got=0
  shift 3
  "$@" >"$work/log" 2>&1 || got=$?
  if [ "$got" = "$code" ] && grep -q -- "$words" "$work/log"; then good "$name"; else echo "exit $got" >>"$work/log"; bad "$name"; fi
}

# From an empty folder, with the command alone: no source tree is in reach.
mkdir "$work/away"
cd "$work/away"
cp "$EXPROVE" "$work/exprove"
for language in c cpp rust swift; do
  check "$language: written" "$work/exprove" adapter new "desk-$language" --language "$language"
  refused "$language: not written twice" 64 "is there already" "$work/exprove" adapter new "desk-$language" --language "$language"
done
check "another place" "$work/exprove" adapter new a1 --language c --out "$work/away/deep/place" --json
refused "no name with capitals" 64 "no adapter's name" "$work/exprove" adapter new My --language c
refused "no name with a path" 64 "no adapter's name" "$work/exprove" adapter new ../x --language c
refused "no name that begins with a digit" 64 "no adapter's name" "$work/exprove" adapter new 1x --language c
refused "no other language" 64 "cobol" "$work/exprove" adapter new x --language cobol
: >"$work/file"
refused "no place in a file" 74 "file" "$work/exprove" adapter new x --language c --out "$work/file/x"

# Every file of the folders is written, headers as they are; the made-up name is gone.
expected() { (cd "$1" && find . -type f ! -name language.md ! -name client.h | sed 's|^\./||; s|^gitignore$|.gitignore|'); }
for language in c cpp rust swift; do
  { expected "$root/sdk-c/templates/every"; expected "$root/sdk-c/templates/$language"
    (cd "$root/sdk-c" && find include/exprove -type f ! -name client.h ! -name hooks.h); echo RULES.md; } | sort >"$work/expected"
  (cd "desk-$language" && find . -type f | sed 's|^\./||' | sort) >"$work/found"
  check "$language: every file" diff "$work/expected" "$work/found"
  check "$language: headers as they are" diff -r -x client.h -x hooks.h "$root/sdk-c/include/exprove" "desk-$language/include/exprove"
  check "$language: the rules as they are" cmp "$root/sdk-c/RULES.md" "desk-$language/RULES.md"
  check "$language: the sample as it is" cmp "$root/sdk-c/templates/every/sample/day.bin" "desk-$language/sample/day.bin"
  check "$language: its own name" bash -c "! grep -rl --exclude-dir=include 'my-venue' desk-$language && grep -q 'desk-$language' desk-$language/README.md"
  check "$language: its language in the README" bash -c "! grep -q '<!--' desk-$language/README.md && grep -q '| file |' desk-$language/README.md"
done

export CARGO_NET_OFFLINE=true CARGO_HOME="$work/cargo"
summary() {
  "$EXPROVE" normalize --summary --json --feed "MADEUP=$1:desk-c/sample/day.bin,date=2024-03-15,zone=America/New_York,time=venue+0ns" |
    python3 -c 'import json, sys; s = json.load(sys.stdin)
print(s["event_digest"], s["by_message"], s["by_kind"])
assert s["malformed"] == s["unknown"] == 0 and s["gaps"] == 1 and s["by_kind"]["notice"] == 1, s'
}
# $1: what it is called, $2: its folder, $3: warnings that its runtime brings; then the arguments of make.
build() {
  local name=$1 folder=$2 warnings=$3
  shift 3
  if ! make -C "$folder" "$@" >"$work/log" 2>&1; then bad "$name: builds"; return; fi
  good "$name: builds"
  if ! make -s -C "$folder" conform "$@" >"$work/log" 2>&1; then bad "$name: conforms"; return; fi
  if grep -q "conforms: [0-9]* pass, 9 skip$warnings" "$work/log"; then good "$name: conforms"; else bad "$name: conforms"; fi
  if summary "./$folder/lib$folder.so" >"$work/$name.events" 2>"$work/log"; then good "$name: the sample's events"
  else bad "$name: the sample's events"; fi
  check "$name: the same events as C" cmp "$work/c.events" "$work/$name.events"
}
build c desk-c ''
build cpp desk-cpp ''
build rust desk-rust ', 3 warn'
build swift desk-swift ', 3 warn'
make -C desk-swift clean >/dev/null
build swift-embedded desk-swift '' EMBEDDED=1
if command -v clang++ >/dev/null; then
  make -C desk-cpp clean >/dev/null
  build cpp-clang desk-cpp '' CXX=clang++
fi
# A panic ends at the boundary: the host gets a status, and nothing is written.
cp -r desk-rust panics
sed -i 's/^        let letter = number(m, 0, 1)? as u8;/&\n        assert!(letter != b'"'Z'"', "a panic that the host must not see");/' panics/src/feed.rs
{ printf '\0\021Z'; head -c 16 /dev/zero; } >panics/day.bin
check "rust: with a planted panic it builds" make -C panics
refused "rust: a panic is a status" 65 "EXPROVE_INTERNAL" "$EXPROVE" normalize --summary \
  --feed "MADEUP=./panics/libdesk-rust.so:panics/day.bin,date=2024-03-15,zone=America/New_York,time=venue+0ns"
cp "$work/log" "$work/panic"
check "rust: and nothing is said beside it" bash -c "! grep -q 'must not see' '$work/panic'"

# The README's second block, line by line, with the command in the PATH.
mkdir -p bin
ln -sf "$EXPROVE" bin/exprove
readme() { (cd desk-c && PATH="$PWD/../bin:$PATH" bash -euc "$(awk '/^```/ { block++; next } block == 3' README.md)"); }
if readme >"$work/readme.out" 2>"$work/log" && grep -q '^frame-time  yes$' "$work/readme.out" &&
  grep -q 'order_add' "$work/readme.out" && grep -q '^time,ask_price_1' "$work/readme.out" &&
  ! grep -q ' $' "$work/readme.out"; then good "the README's commands"; else bad "the README's commands"; fi
check "cpp: inspect tells of extensions" bash -c \
  '"$EXPROVE" adapter inspect desk-cpp/libdesk-cpp.so | grep -q "^extensions  exprove.health/1, exprove.instruments/1$"'
check "help has an example" bash -c '"$EXPROVE" adapter new --help | grep -q "exprove adapter new my-venue --language cpp"'
lines=$(grep -cv '^ *$\|^ *//' desk-cpp/adapter.cpp)
check "cpp: an adapter in $lines lines of code" test "$lines" -lt 60
check "the sample is what its script writes" bash -c \
  'cp -r desk-c/sample made && python3 made/make_sample.py && cmp made/day.bin desk-c/sample/day.bin'

# The layer itself, under sanitizers.
for compiler in g++ clang++; do
  strict=(-std=c++17 -O1 -g -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fsanitize=address,undefined
    -fno-sanitize-recover=all "-I$root/sdk-c/include")
  if "$compiler" "${strict[@]}" "$here/layer.cpp" -o "$work/layer" >"$work/log" 2>&1; then
    check "$compiler: the C++ layer" "$work/layer"
  else
    bad "$compiler: the C++ layer compiles"
  fi
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
