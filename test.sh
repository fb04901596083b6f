#!/usr/bin/env bash
# Installs what is missing, builds everything in release and runs every test. Ends with a line that counts the steps.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source ./.packages.sh
install_packages "${runtime_packages[@]}" "${test_packages[@]}"
if [ -z "${EXPROVE_DATA:-}" ] && [ -d ../shared/data ]; then EXPROVE_DATA="$(cd ../shared/data && pwd)"; fi
export EXPROVE_DATA="${EXPROVE_DATA:-}"

passed=0
step() {
  local name=$1 start=$SECONDS
  shift
  echo "== $name"
  if ! "$@"; then
    echo "== $name failed after $((SECONDS - start)) s: $*"
    echo "$passed passed, 1 failed"
    exit 1
  fi
  echo "== $name: $((SECONDS - start)) s"
  passed=$((passed + 1))
}

headers() {
  local header standard compiler
  for header in sdk-c/include/exprove/*.h; do
    for standard in c99 c11 c17; do
      for compiler in gcc clang; do
        "$compiler" -std="$standard" -Wall -Wextra -Wpedantic -Werror -Isdk-c/include -fsyntax-only -xc "$header" \
          -Wno-pragma-once-outside-header 2>&1 || return 1
      done
    done
    for standard in c++11 c++17 c++20; do
      for compiler in g++ clang++; do
        "$compiler" -std="$standard" -Wall -Wextra -Wpedantic -Werror -Isdk-c/include -fsyntax-only -xc++ "$header" \
          -Wno-pragma-once-outside-header 2>&1 || return 1
      done
    done
  done
}

python_environment() {
  [ -x .build/venv/bin/python ] || python3 -m venv .build/venv
  .build/venv/bin/pip install -q --disable-pip-version-check cryptography securesystemslib
}

step "format" swift format lint --strict -r --configuration .swift-format Sources Tests Package.swift
step "headers" headers
mkdir -p .build
step "python" python_environment
export PATH="$PWD/.build/venv/bin:$PATH"
step "build" swift build -c release -Xswiftc -enable-testing --explicit-target-dependency-import-check error
# Tests of one room may look into that room; none looks into another.
step "build tests" swift build -c release --build-tests -Xswiftc -enable-testing \
  --explicit-target-dependency-import-check error
step "tests" swift test -c release --skip-build -Xswiftc -enable-testing
if [ -n "$EXPROVE_DATA" ]; then
  step "end to end" python3 Tests/EndToEnd/check.py .build/release/exprove .build/release "$EXPROVE_DATA"
elif [ "${CI:-}" = true ]; then
  step "captures" test -n "$EXPROVE_DATA"
else
  echo "== end to end: skipped, EXPROVE_DATA names no captures"
fi
step "nasdaq adapter" bash Tests/Adapters/nasdaq/run.sh
step "binance adapter" bash Tests/Adapters/binance/test.sh
echo "$passed passed, 0 failed"
