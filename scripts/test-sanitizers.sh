#!/usr/bin/env bash
# Runs the unit and integration tests under the thread sanitizer and then the address sanitizer, each in a build of its
# own. Give one of their names to run that alone.
set -euo pipefail
cd "$(dirname "$0")/.."
sanitizers=("$@")
[ ${#sanitizers[@]} -gt 0 ] || sanitizers=(thread address)
# Leaks are not looked for: XCTest's own are reported, too.
export ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS=halt_on_error=1
# Kills by the hundred and timings say nothing more under a sanitizer, and take very long.
export AGENTSPOOL_TEST_SANITIZED=1
for sanitizer in "${sanitizers[@]}"; do
  echo "Building for the $sanitizer sanitizer"
  build=(--scratch-path ".build-$sanitizer" --sanitize "$sanitizer")
  swift build --build-tests "${build[@]}"
  for suites in Jobs,Workflow,Models,JobIndex Spool Engine,Daemon Commands,Telemetry,Tools; do
    swift test --skip-build "${build[@]}" --filter "^(${suites//,/|})Tests\."
  done
done
