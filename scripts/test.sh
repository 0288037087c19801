#!/usr/bin/env bash
# Everything that CI checks: format, words, warnings (they are errors), tests.
set -euo pipefail
cd "$(dirname "$0")/.."
make --no-print-directory lint
scripts/build.sh --build-tests
scripts/mcp-peers.sh
# In several processes, one after another. Tests that start programs run in a process of their own: a forked child that
# has not started its program yet holds its parent's files open, and the kernel then rightly reports that a drop has a
# writer. Tests that wait on the disk run in other processes, so that they do not hold up the rest.
for suites in Threads,Documents,JSONSchema,Redaction,Jobs,Workflow,Models,JobIndex Spool Engine Daemon,Client,HTTPAPI Commands,Telemetry,Tools; do
  # A test that hangs must not stop the whole run silently.
  timeout --foreground 900 swift test --skip-build --filter "^(${suites//,/|})Tests\." || {
    echo "The tests of $suites failed, or were not done within fifteen minutes." >&2
    exit 1
  }
done
scripts/test-mcp.sh
AGENTSPOOL_TEST_ALONE=1 swift test --skip-build --filter "^SpoolTests\.QuietDropTests/otherProcess"
# A bounded part of every proof, the same each time, so that a failure is due to the change; `make prove` runs all.
python3 Proofs/prove.py --bounded --seed 1
