#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The benchmarks: installs what is missing, builds in release as run.sh does, gets the peers from PyPI, and prints one
# table with ours, whom it is compared with, and the ratio. EXPROVE_DATA names the captures.
#   Tests/Benchmarks/run.sh [--json] [--only REGEX] [--rounds N] [--large]
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
source "$root/.packages.sh"
install_packages "${runtime_packages[@]}" gcc python3 python3-venv
if [ -z "${EXPROVE_DATA:-}" ] && [ -d "$root/../shared/data" ]; then EXPROVE_DATA="$(cd "$root/../shared/data" && pwd)"; fi
if [ -z "${EXPROVE_DATA:-}" ]; then
  echo "no captures: set EXPROVE_DATA to the directory that holds itch50, binance and solver" >&2
  exit 66
fi
# A build of its own: neither the options nor the targets are those of the tests.
build="$root/.build/benchmarks"
EXPROVE_DEV=1 swift build --package-path "$root" --scratch-path "$build" --cache-path "$root/.build/cache" \
  --manifest-cache local -c release --disable-local-rpath >&2
# A library bound by declaration, and an adapter with the same library compiled in.
example="$root/sdk-c/examples/binding"
cc -std=c99 -O3 -g -fPIC -shared -fvisibility=hidden -Wl,-z,noexecstack "$example/deep.c" -o "$build/release/libdeep.so"
install -m 0644 "$example/deep.binding" "$build/release/"
cc -std=c11 -O3 -fPIC -shared -fvisibility=hidden -Wl,-z,noexecstack -I "$root/sdk-c/include" -I "$example" \
  "$root/Tests/BrokenAdapters/libraries/deep_adapter.c" "$example/deep.c" -o "$build/release/libdeep-compiled.so"
[ -x "$build/venv/bin/python" ] || python3 -m venv "$build/venv"
"$build/venv/bin/pip" install -q --no-cache-dir --disable-pip-version-check -r "$root/Tests/Benchmarks/requirements.txt" >&2
export PYTHONDONTWRITEBYTECODE=1
exec "$build/venv/bin/python" "$root/Tests/Benchmarks/compare.py" --build "$build/release" \
  --captures "$EXPROVE_DATA" "$@"
