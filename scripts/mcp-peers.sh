#!/usr/bin/env bash
# Installs real MCP servers for the tests into .test-peers/, once: modern ones (mcp-server-time, mcp-server-git), and
# the last SDK that speaks the legacy protocol only. Without them the tests that need them are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
directory=.test-peers

[ ! -e "$directory/ready" ] || exit 0
command -v python3 >/dev/null || { echo "python3 is not installed: no tests with real MCP servers" >&2; exit 0; }
rm -rf "$directory"
if python3 -m venv "$directory/modern" && python3 -m venv "$directory/legacy" &&
  "$directory/modern/bin/pip" install --quiet 'mcp==2.3.0' mcp-server-time==2026.10.19 mcp-server-git==2026.10.19 &&
  "$directory/legacy/bin/pip" install --quiet 'mcp==1.30.0'; then
  touch "$directory/ready"
else
  echo "MCP servers could not be installed (no network?): no tests with real ones" >&2
  rm -rf "$directory"
fi
