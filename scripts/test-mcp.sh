#!/usr/bin/env bash
# Plays the clients of the official SDK of MCP, of both eras, against the real program: scripts/test-mcp.sh [CASE...].
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/mcp-peers.sh
[ -e .test-peers/ready ] || { echo "no tests with real clients of MCP" >&2; exit 0; }
for era in legacy modern; do
  ".test-peers/$era/bin/python" Tests/Cases/mcp_clients.py "$@"
done
