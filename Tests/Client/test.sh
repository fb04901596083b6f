#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs libexprove.so from a build into a directory of its own and holds it to client.h: the examples, built as the README
# says through pkg-config and CMake, against the command and the captures; the contract of each function; conduct in the
# process; hostile directories. Under AddressSanitizer, and valgrind where it is installed.
#
# usage: test.sh BUILD_DIRECTORY CAPTURES    ROUNDS (60), DAMAGES (40), SEED (1): see hostile.py and check.py
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(cd "$1" && pwd)
captures=$(cd "$2" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1 ROUNDS=${ROUNDS:-60}

# Installed in one place and used in another: nothing in it names where it was put.
"$root/sdk-c/install.sh" "$work/first" "$build"
mv "$work/first" "$work/prefix"
library="$work/prefix/lib/libexprove.so.1"
echo "libexprove.so: $(stat -Lc %s "$library") bytes"
needs=$(env -i ldd "$library")
if grep -E 'not found|[sS]wift' <<<"$needs"; then
  echo "$library doesn't load without Swift" >&2
  exit 1
fi

export PKG_CONFIG_PATH="$work/prefix/lib/pkgconfig"
version=$(pkg-config --modversion exprove)
[ "$(readlink "$library")" = "libexprove.so.$version" ] || { echo "pkg-config names another version" >&2; exit 1; }
strict=(-Wall -Wextra -Wpedantic -Werror)
# shellcheck disable=SC2207
flags=($(pkg-config --cflags --libs exprove) -Wl,-rpath,"$work/prefix/lib")
examples=()
for compiler in gcc clang; do
  "$compiler" -std=c99 -O2 "${strict[@]}" "$work/prefix/share/exprove/examples/c/read_run.c" "${flags[@]}" \
    -o "$work/read_run-$compiler"
  examples+=("$work/read_run-$compiler")
  cmake -S "$work/prefix/share/exprove/examples/cpp" -B "$work/cmake-$compiler" -DCMAKE_PREFIX_PATH="$work/prefix" \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="${compiler/gcc/g}++" -DCMAKE_CXX_FLAGS="${strict[*]}" >"$work/log" ||
    { cat "$work/log" >&2; exit 1; }
  cmake --build "$work/cmake-$compiler" >"$work/log" || { cat "$work/log" >&2; exit 1; }
  examples+=("$work/cmake-$compiler/read_run")
done
# A version that is too new is refused by the package, before any compiler.
sed 's/exprove 1.0/exprove 1.1/' "$work/prefix/share/exprove/examples/cpp/CMakeLists.txt" >"$work/CMakeLists.txt"
if cmake -S "$work" -B "$work/cmake-newer" -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/log" 2>&1; then
  echo "CMake takes version $version for 1.1" >&2
  exit 1
fi
grep -q 'version: 1.0.0' "$work/log" || { cat "$work/log" >&2; exit 1; }

sanitized=(-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all)
gcc -std=c99 "${strict[@]}" "${sanitized[@]}" "$here/contract.c" "${flags[@]}" -o "$work/contract"
gcc -std=c99 "${strict[@]}" "${sanitized[@]}" "$here/walk.c" "${flags[@]}" -o "$work/walk"
gcc -std=gnu11 -O1 -Wall -Wextra -Werror "$here/conduct.c" -I "$work/prefix/include" -ldl -lpthread -o "$work/conduct"

mkdir "$work/runs"
EXPROVE_LIBRARY="$library" python3 "$here/check.py" "$build/exprove" "$build" "$captures" "$work/runs" "${examples[@]}"
"$work/contract" "$work/runs/whole"
"$work/conduct" "$library" "$work/runs/small"
python3 "$here/hostile.py" "$work/walk" "$work/runs/small"
if command -v valgrind >/dev/null; then
  valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
    "$work/read_run-gcc" "$work/runs/small" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
  echo "1 passed, 0 failed"
fi
