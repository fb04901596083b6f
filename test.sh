#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, checks the rules, builds everything in release and runs every test. Stops at the first step
# that fails and names it. `./test.sh fast` leaves out the adapters' own tests with their fuzzers.
# Ends with a count of tests: `N passed, N failed`. The log of each step stays in .build/test-logs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
mode=${1:-all}
case $mode in all | fast) ;; *) echo "usage: ./test.sh [fast]" >&2; exit 64 ;; esac

source ./.packages.sh
install_packages "${runtime_packages[@]}" "${test_packages[@]}"
if [ -z "${EXPROVE_DATA:-}" ] && [ -d ../shared/data ]; then EXPROVE_DATA="$(cd ../shared/data && pwd)"; fi
if [ -n "${EXPROVE_DATA:-}" ]; then export EXPROVE_DATA; else echo "no captures: set EXPROVE_DATA to test with them"; fi
export PYTHONDONTWRITEBYTECODE=1
# The benchmarks are built too: what nobody builds stops building.
export EXPROVE_DEV=1
logs=.build/test-logs
mkdir -p "$logs"
# Nothing is kept outside the checkout.
swift_options=(-c release --disable-local-rpath -Xswiftc -enable-testing --cache-path .build/cache --manifest-cache local)
passed=0

# How many tests the log of a step tells of: a rule's `N passed, N failed`, Swift Testing's and unittest's totals; a step
# without a count is one.
told() {
  awk '/^[0-9]+ passed, [0-9]+ failed$/ { n += $1 }
    /Test run with [0-9]+ tests?/ { match($0, /with [0-9]+/); n += substr($0, RSTART + 5, RLENGTH - 5) }
    /^Ran [0-9]+ tests? in / { n += $2 }
    END { print n ? n : 1 }' "$1"
}

# And how many of them failed, at least one.
told_failed() {
  awk '/^[0-9]+ passed, [0-9]+ failed$/ { n += $3 }
    / Test .* failed after / && !/Test run with/ { n += 1 }
    END { print n ? n : 1 }' "$1"
}

step() {
  local name=$1 start=$SECONDS log
  log="$logs/${name// /-}.log"
  shift
  echo "== $name"
  if ! "$@" 2>&1 | tee "$log"; then
    local failed
    failed=$(told_failed "$log")
    echo "== $name failed after $((SECONDS - start)) s: $*"
    echo "$passed passed, $failed failed"
    exit 1
  fi
  passed=$((passed + $(told "$log")))
  echo "== $name: $((SECONDS - start)) s"
}

python_environment() {
  [ -x .build/venv/bin/python ] || python3 -m venv .build/venv
  .build/venv/bin/pip install -q --no-cache-dir --disable-pip-version-check -r Tests/Rules/requirements.txt
  .build/venv/bin/python -c 'import cryptography, securesystemslib, tuf'
}

step "python" python_environment
export PATH="$PWD/.build/venv/bin:$PATH"
step "format" swift format lint --strict -r --configuration .swift-format Sources Tests Package.swift
step "sources" python3 Tests/Rules/check_sources.py
step "arrows" python3 Tests/Rules/check_arrows.py
step "headers" Tests/Rules/headers.sh
step "abi" Tests/Rules/abi.sh
# Warnings are errors by the manifest. Products first, then the tests with the same options, so that nothing is
# built twice.
step "build" swift build "${swift_options[@]}" --explicit-target-dependency-import-check error
step "build tests" swift build "${swift_options[@]}" --build-tests --explicit-target-dependency-import-check error
step "objects" python3 Tests/Rules/check_built.py "$(swift build "${swift_options[@]}" --show-bin-path)"
step "tests" swift test "${swift_options[@]}" --skip-build --disable-xctest
step "fuzz corpus" .build/release/fuzz-replay Tests/Fuzz/corpus
step "readme" python3 Tests/EndToEnd/readme.py .build/release/exprove .build/release
step "context" python3 Tests/EndToEnd/context.py .build/release/exprove .build/release ${EXPROVE_DATA:+"$EXPROVE_DATA"}
step "masked" python3 Tests/EndToEnd/masked.py .build/release/exprove .build/release
for proof in market install installed updates vendor; do
  step "$proof" python3 "Tests/EndToEnd/$proof.py" .build/release/exprove .build/release
done
if [ -n "${EXPROVE_DATA:-}" ]; then
  # The built command, as a user and an auditor use it.
  for proof in counts replays bindings strangers forgery causality refusals damage kills isolation shadow certificate hooks shared_contexts; do
    step "$proof" python3 "Tests/EndToEnd/$proof.py" .build/release/exprove .build/release "$EXPROVE_DATA"
  done
  step "reports" python3 Tests/EndToEnd/reports.py .build/release/exprove .build/release "$EXPROVE_DATA"
  step "client" Tests/Client/test.sh "$(swift build "${swift_options[@]}" --show-bin-path)" "$EXPROVE_DATA"
elif [ "${CI:-}" = true ]; then
  step "captures" test -n "${EXPROVE_DATA:-}"
else
  echo "== the proofs over captures: skipped, EXPROVE_DATA names none"
fi
if [ "$mode" = all ]; then
  for script in Tests/Adapters/*/run.sh Tests/Adapters/*/test.sh; do
    [ -f "$script" ] || continue
    step "$(basename "$(dirname "$script")") adapter" bash "$script"
  done
fi
echo "$passed passed, 0 failed"
