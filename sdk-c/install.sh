#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what programs need that use libexprove.so, from a release build:
#
#   sdk-c/install.sh PREFIX [BUILD_DIRECTORY]
#
#   PREFIX/include/exprove/          headers; adapter.hpp for adapters in C++
#   PREFIX/lib/libexprove.so         and .so.1, .so.1.0.0; without debugging symbols unless KEEP_SYMBOLS=1
#   PREFIX/lib/pkgconfig/            pkg-config exprove
#   PREFIX/lib/cmake/exprove/        find_package(exprove)
#   PREFIX/share/exprove/python/     import exprove
#   PREFIX/share/exprove/examples/
#
# Nothing in it names PREFIX: it can be moved, and put into a package.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
if [ $# -lt 1 ] || [ $# -gt 2 ]; then
  echo "usage: $0 PREFIX [BUILD_DIRECTORY]" >&2
  exit 64
fi
prefix=$1
library=${2:-$here/../.build/release}/libexprove-client.so
if [ ! -f "$library" ]; then
  echo "$library: missing; build it with: swift build -c release --product exprove-client" >&2
  exit 66
fi
version=$(sed -n 's/^Version: //p' "$here/pkgconfig/exprove.pc")

install -d "$prefix/include/exprove" "$prefix/lib/pkgconfig" "$prefix/lib/cmake/exprove" \
  "$prefix/share/exprove/python" "$prefix/share/exprove/examples/c" "$prefix/share/exprove/examples/cpp"
install -m 0644 "$here"/include/exprove/*.h "$here"/include/exprove/*.hpp "$prefix/include/exprove"
install -m 0644 "$here/pkgconfig/exprove.pc" "$prefix/lib/pkgconfig"
install -m 0644 "$here"/cmake/*.cmake "$prefix/lib/cmake/exprove"
install -m 0644 "$here/python/exprove.py" "$prefix/share/exprove/python"
install -m 0644 "$here"/examples/c/* "$prefix/share/exprove/examples/c"
install -m 0644 "$here"/examples/cpp/* "$prefix/share/exprove/examples/cpp"

# Beside its place first: a program that has the library open keeps the old one.
install -m 0755 "$library" "$prefix/lib/.libexprove.so.new"
if [ "${KEEP_SYMBOLS:-0}" = 1 ]; then
  :
elif command -v strip >/dev/null; then
  strip --strip-unneeded "$prefix/lib/.libexprove.so.new"
else
  echo "strip is missing: the library keeps its debugging symbols" >&2
fi
mv -f "$prefix/lib/.libexprove.so.new" "$prefix/lib/libexprove.so.$version"
ln -sf "libexprove.so.$version" "$prefix/lib/libexprove.so.1"
ln -sf libexprove.so.1 "$prefix/lib/libexprove.so"
