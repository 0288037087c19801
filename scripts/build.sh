#!/usr/bin/env bash
# Runs swift build and shows its progress in one line: scripts/build.sh [OPTION OF SWIFT BUILD...]. Without a terminal
# it prints a line every half minute. All output of swift build goes to .build/build.log; errors are shown.
set -euo pipefail
cd "$(dirname "$0")/.."

log=.build/build.log
mkdir -p .build

# Makes a first debug build take 70 % of the processor time (docs/performance.md#a-first-build): debug information has
# only lines (a crash still says where), Swift's own modules are not indexed for editors, one process compiles each
# module (each of two would read all of it), and the headers of the C++ library are read once. All this is set in the
# environment, which changes no command of the build: a plain swift build continues the same build.
environment=()
quick() {
  environment=(
    ADDITIONAL_SWIFT_DRIVER_FLAGS="-gline-tables-only -driver-batch-count 1 -index-ignore-system-modules -index-ignore-clang-modules"
    # x removes an option, X an option and its argument, s/// replaces one; # at the start suppresses clang's report.
    CCC_OVERRIDE_OPTIONS="# x-g X-index-store-path${1:+ s/-std=c[+][+]17/--config=$1/}"
  )
}

# Precompiles the C++ library's headers, and prints the file with the clang options that load them; prints nothing where
# that does not work. The options are those with which the build compiles BoringSSL: clang requires the same.
precompiled() {
  local clang directory=$PWD/.build/precompiled
  clang=$("${SWIFT:-swift}" -print-target-info | sed -n 's|.*"runtimeResourcePath": "\(.*\)/lib/swift".*|\1/bin/clang|p')
  local options=(
    -O0 -DSWIFT_PACKAGE=1 -DDEBUG=1 -fblocks -D_GNU_SOURCE -D_POSIX_C_SOURCE=200112L -D_DARWIN_C_SOURCE -fPIC
    -fno-omit-frame-pointer -w -std=c++17
  )
  local headers=$directory/standard-library.pch
  case $directory in *[[:space:]]*) return ;; esac
  mkdir -p "$directory"
  loads() { "$clang" "${options[@]}" -include-pch "$headers" -x c++ -fsyntax-only /dev/null; }
  if ! loads; then
    "$clang" "${options[@]}" -x c++-header scripts/standard-library.h -o "$headers" && loads || return
  fi 2>/dev/null
  echo "-std=c++17 -include-pch $headers" >"$directory/clang.cfg"
  echo "$directory/clang.cfg"
}

case " $* " in
  *" release "* | *" --sanitize"*) ;;
  *) quick "$(precompiled)" ;;
esac

build=
# Wipes the progress line. A terminal sends Ctrl-C to swift build, too; any other signal is passed on here.
interrupted() {
  trap '' INT TERM
  [ -z "$build" ] || kill -TERM "$build" 2>/dev/null || true
  [ -z "$build" ] || wait "$build" 2>/dev/null || true
  wipe
  echo "The build was stopped; the next one goes on from there." >&2
  exit "$1"
}
trap 'interrupted 130' INT
trap 'interrupted 143' TERM

# Puts the elapsed time, in minutes and seconds, into $time.
clock() { printf -v time '%d:%02d' "$((SECONDS / 60))" "$((SECONDS % 60))"; }

if [ -t 1 ]; then
  columns=$(stty size <&1 2>/dev/null | cut -d ' ' -f 2) || true
  [ "${columns:-0}" -gt 0 ] || columns=80
  wipe() { printf '\r\033[K'; }
  show() { clock; printf '\r%.*s\033[K' "$((columns - 1))" "Building, $time: $1"; }
else
  wipe() { :; }
  said=0
  show() {
    [ "$SECONDS" -ge "$((said + 30))" ] || return 0
    said=$SECONDS
    clock
    echo "Building, $time: $1"
  }
fi

# Runs swift build and shows its steps; its exit status is swift build's.
build() {
  local line step="getting the packages" status=0
  : >"$log"
  exec 3< <(exec env "${environment[@]}" "${SWIFT:-swift}" build "$@" 2>&1)
  build=$!
  while :; do
    # After a second without a line only the clock is updated.
    if IFS= read -r -t 1 -u 3 line; then
      printf '%s\n' "$line" >>"$log"
      case $line in \[*/*\]*) step=$line ;; esac
    elif [ $? -le 128 ]; then
      [ -z "$line" ] || printf '%s\n' "$line" >>"$log"
      break
    else
      printf '%s' "$line" >>"$log"
    fi
    show "$step"
  done
  exec 3<&-
  wait "$build" || status=$?
  build=
  wipe
  return "$status"
}

main() {
  local status=0
  build "$@" || status=$?
  if [ "$status" -ne 0 ] && [ ${#environment[@]} -gt 0 ] && grep -qF standard-library.pch "$log"; then
    # The package compiles its C++ with other options than those above: build without the headers, only slower.
    quick ""
    status=0
    build "$@" || status=$?
  fi
  if [ "$status" -ne 0 ]; then
    grep -vE '^\[[0-9]+/[0-9]+\] ' "$log" >&2 || true
    echo "The build failed; $log has all that it printed." >&2
    exit "$status"
  fi
  clock
  [ "$SECONDS" -lt 10 ] || echo "Built in $time minutes."
}
# On one line: bash would read on in a script that an update has changed meanwhile.
main "$@"; exit
