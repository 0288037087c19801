#!/usr/bin/env bash
# Installs the packages that the build needs and this machine lacks: Debian's libsystemd-dev, libsqlite3-dev and
# libssl-dev, those that Swift itself needs, and those that are named. Does nothing when all are installed.
set -euo pipefail
command -v swift >/dev/null || { echo "Swift 6.3 is not installed: https://www.swift.org/install/linux/" >&2; exit 69; }
missing=()
for package in libsystemd-dev libsqlite3-dev libssl-dev pkg-config git make "$@"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
echo "Installing ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "Please install, as root: ${missing[*]}" >&2; exit 77; }
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
