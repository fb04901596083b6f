# SPDX-License-Identifier: Apache-2.0
# Debian packages that ExProve needs, and how the scripts install them. The README says what each is for.
runtime_packages=(libffi-dev zlib1g-dev libzstd-dev tzdata pkg-config)
test_packages=(gcc g++ cmake make pkg-config binutils abigail-tools openssl python3 python3-venv)
# Adapters in Rust are built with whatever cargo there is; Debian's serves where there is none.
command -v cargo >/dev/null || test_packages+=(rustc cargo)

# Installs those of its arguments that are missing; says so when it may not.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  echo "installing ${missing[*]}" >&2
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}
