#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds in release and runs `exprove` with the given arguments; without any, the demo.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$root/.packages.sh"
install_packages "${runtime_packages[@]}"
swift build --package-path "$root" -c release --disable-local-rpath >&2
if [ $# -eq 0 ]; then set -- demo; fi
exec "$root/.build/release/exprove" "$@"
