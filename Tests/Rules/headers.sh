#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every public header, alone and twice, in C99, C11, C17 and C++11, 17, 20 with gcc and clang, those of the C++ layer in
# C++17 and 20, without a warning; after headers with faults were refused. Ends with `N passed, N failed`.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
strict=(-Wall -Wextra -Wpedantic -Werror -fsyntax-only)
passed=0 failed=0

# Whether the header $2 under the folder $1 compiles everywhere.
compiles() {
  local standard compiler
  printf '#include <%s>\n#include <%s>\n' "$2" "$2" >"$work/use.c"
  cp "$work/use.c" "$work/use.cpp"
  local c=(c99 c11 c17) cpp=(c++11 c++17 c++20)
  [ "${2%.hpp}" = "$2" ] || { c=(); cpp=(c++17 c++20); }
  for compiler in gcc clang; do
    for standard in "${c[@]}"; do
      "$compiler" -std="$standard" "${strict[@]}" -I"$1" "$work/use.c" || return 1
    done
    for standard in "${cpp[@]}"; do
      "${compiler/gcc/g}++" -std="$standard" "${strict[@]}" -I"$1" "$work/use.cpp" || return 1
    done
  done
}

# Compiler drivers for C++ are g++ and clang++.
seed() {
  local name=${3:-seed.h}
  printf '#ifndef SEED_H\n#define SEED_H\n%s\n#endif\n' "$2" >"$work/$name"
  if [ "$1" = refuse ] && compiles "$work" "$name" >"$work/log" 2>&1; then
    echo "a faulty header is taken: $2"; failed=$((failed + 1))
  elif [ "$1" = take ] && ! compiles "$work" "$name" >"$work/log" 2>&1; then
    cat "$work/log"; echo "a right header is refused: $2"; failed=$((failed + 1))
  else
    passed=$((passed + 1))
  fi
}
seed take 'int seed(int value);'
seed refuse 'uint8_t seed;'
seed refuse 'struct seed { int class; };'
seed refuse 'struct seed { int : 3; _Bool a; } seed_of(void);'
seed take 'template <class T> inline constexpr T seed = T{};' seed.hpp
seed refuse 'template <class T> concept seed = true;' seed.hpp

while IFS= read -r header; do
  if compiles "$root/sdk-c/include" "$header"; then
    passed=$((passed + 1))
  else
    echo "$header: doesn't compile everywhere"; failed=$((failed + 1))
  fi
done < <(cd "$root/sdk-c/include" && find . -name '*.h' -o -name '*.hpp' | sed 's|^\./||' | sort)
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
