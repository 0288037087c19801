#!/usr/bin/env bash
# Everything that CI checks: format, warnings (they are errors), tests.
set -euo pipefail
cd "$(dirname "$0")/.."
swift format lint --strict --recursive Package.swift Sources Tests
swift build --build-tests
swift test --skip-build --parallel
