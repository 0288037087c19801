#!/usr/bin/env bash
# Runs the unit and integration tests under the thread sanitizer and then the address sanitizer, each in a build of its
# own. Give one of their names to run that alone.
set -euo pipefail
cd "$(dirname "$0")/.."
sanitizers=("$@")
[ ${#sanitizers[@]} -gt 0 ] || sanitizers=(thread address)
clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang
# No leak detection: it would also report XCTest's own leaks.
export ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS=halt_on_error=1
for sanitizer in "${sanitizers[@]}"; do
  echo "Building for the $sanitizer sanitizer"
  build=(--scratch-path ".build-$sanitizer" --sanitize "$sanitizer")
  swift build --build-tests "${build[@]}"
  preload=
  if [ "$sanitizer" = thread ]; then
    preload=$PWD/.build-thread/mutex_for_tsan.so
    "$clang" -O2 -Wall -Wextra -Werror -fPIC -shared -o "$preload" Tests/Sanitizers/mutex_for_tsan.c
  fi
  for suites in Threads,Documents,JSONSchema,Redaction,Jobs,Workflow,Models,JobIndex Spool Engine,Daemon,Client Commands,Telemetry,Tools; do
    # Without the tests that kill the daemon hundreds of times: they take hours here, and show no more than one start.
    env ${preload:+LD_PRELOAD="$preload"} swift test --skip-build "${build[@]}" --filter "^(${suites//,/|})Tests\." \
      --skip '^CommandsTests\.(Effect)?CrashTests'
  done
done
