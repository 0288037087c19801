#!/usr/bin/env bash
# Plays llmock's faults, in both dialects, against the real program, and asks llmock for its verdict on the client:
# scripts/test-llmock.sh [CASE...]. Installs llmock (PyPI) into .llmock/, once.
set -euo pipefail
cd "$(dirname "$0")/.."
directory=$PWD/.llmock

if [ ! -e "$directory/ready" ]; then
  command -v python3 >/dev/null || { echo "python3 is not installed" >&2; exit 69; }
  rm -rf "$directory"
  python3 -m venv "$directory/venv"
  "$directory/venv/bin/pip" install --quiet llmock==0.2.2
  touch "$directory/ready"
fi
export LLMOCK=$directory/venv/bin/llmock
exec python3 Tests/Cases/verdicts.py "$@"
