#!/usr/bin/env bash
# Shows AgentSpool at work: starts the daemon on a copy of spool/, drops the files of examples/quickstart/drops/, waits,
# prints what became of them, and stops the daemon. The copy stays in .quickstart/ to look at.
#
# Uses the scripted model. With AGENTSPOOL_MODEL_URL (https://host/v1) and AGENTSPOOL_MODEL set it uses that server.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/build.sh --product agentspool
agentspool=$PWD/.build/debug/agentspool
export AGENTSPOOL_SPOOL=$PWD/.quickstart/spool
patience=60

rm -rf .quickstart
mkdir .quickstart
cp -r spool .quickstart/spool
cp -r examples/quickstart/agentspool.yaml examples/quickstart/scripted-model.yaml examples/quickstart/tools \
  "$AGENTSPOOL_SPOOL/"
if [ -n "${AGENTSPOOL_MODEL_URL:-}" ]; then
  patience=600
  sed -i -e 's|provider: scripted|provider: openai|' \
    -e "s|script: scripted-model.yaml|base_url: $AGENTSPOOL_MODEL_URL\n    model: ${AGENTSPOOL_MODEL:-default}\n    timeout: 120s|" \
    "$AGENTSPOOL_SPOOL/agentspool.yaml"
  echo "The model is ${AGENTSPOOL_MODEL:-default} at $AGENTSPOOL_MODEL_URL."
else
  echo "The model is scripted: it is no model, and answers by the rules of examples/quickstart/scripted-model.yaml."
fi

echo; echo "\$ agentspool check"
"$agentspool" check

"$agentspool" run 2>.quickstart/daemon.log &
daemon=$!
trap 'kill "$daemon" 2>/dev/null || true' EXIT

echo; echo "\$ cp examples/quickstart/drops/* spool/inbox/default/"
cp examples/quickstart/drops/* "$AGENTSPOOL_SPOOL/inbox/default/"

# Waits until the six drops have ended, well or not.
drops=$(ls examples/quickstart/drops | wc -l)
ended() { "$agentspool" list --json 2>/dev/null | grep -cE '"state":"(done|failed|held|rejected)"' || true; }
for _ in $(seq $((patience * 5))); do
  [ "$(ended)" -lt "$drops" ] || break
  kill -0 "$daemon" 2>/dev/null || { echo "The daemon ended early:" >&2; cat .quickstart/daemon.log >&2; exit 1; }
  sleep 0.2
done
[ "$(ended)" -ge "$drops" ] || { echo "Not done after $patience s; see .quickstart/daemon.log" >&2; exit 1; }

echo; echo "\$ agentspool status"
"$agentspool" status
echo; echo "\$ agentspool list"
"$agentspool" list
echo; echo "\$ agentspool result haiku.txt"
"$agentspool" result haiku.txt || true
echo; echo "\$ cat spool/failed/*/*-label.json/error.txt"
cat "$AGENTSPOOL_SPOOL"/failed/*/*-label.json/error.txt 2>/dev/null || true
echo; echo "\$ cat spool/rejected/*/*.reason.txt"
cat "$AGENTSPOOL_SPOOL"/rejected/*/*.reason.txt
echo "\$ cd spool; find done failed rejected | sort"
(cd "$AGENTSPOOL_SPOOL" && find done failed rejected ! -name '.gitkeep' | sort)

kill -TERM "$daemon"
wait "$daemon"
trap - EXIT
echo; echo "The daemon has stopped. The spool is in .quickstart/spool; its log is .quickstart/daemon.log."
