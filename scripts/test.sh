#!/usr/bin/env bash
# Everything that CI checks: format, warnings (they are errors), tests.
set -euo pipefail
cd "$(dirname "$0")/.."
make --no-print-directory lint
scripts/build.sh --build-tests
scripts/mcp-peers.sh
# In several processes, one after another. Tests that start programs have one of their own: a child that was forked and
# has not yet started its program holds its parent's files open, and the kernel then rightly says of a drop that somebody
# still writes to it. Tests that wait on the disk have others, so that they hold up nobody.
for suites in Jobs,Workflow,Models,JobIndex Spool Engine Daemon Commands,Telemetry,Tools; do
  # A test that waits for what never comes must not stop all of it without a word.
  timeout --foreground 900 swift test --skip-build --filter "^(${suites//,/|})Tests\." || {
    echo "The tests of $suites failed, or were not done within fifteen minutes." >&2
    exit 1
  }
done
AGENTSPOOL_TEST_ALONE=1 swift test --skip-build --filter "^SpoolTests\.QuietDropTests/otherProcess"
# A bounded part of every proof, the same each time, so that what fails is the change: the whole is `make prove`.
python3 Proofs/prove.py --bounded --seed 1
