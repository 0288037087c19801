#!/usr/bin/env bash
# Fuzzes the parsers, one after another: scripts/fuzz.sh [MINUTES [TARGET]]; one minute each by default.
# scripts/fuzz.sh merge TARGET adds what a run has found, and the committed corpus lacks, to that corpus.
# Fuzzing/README.md says more.
set -euo pipefail
cd "$(dirname "$0")/.."

build=.build-fuzz
corpora=Fuzzing/corpus
minutes=${1:-1}
targets=${2:-$(ls "$corpora")}
for target in $targets; do
  [ -d "$corpora/$target" ] || { echo "there is no target $target; there are:" $(ls "$corpora") >&2; exit 64; }
done

# No quarantine of freed memory: it would count as the parser's memory. No backtrace of Swift's own: it would keep the
# fuzzer from writing the input that caused the crash.
export ASAN_OPTIONS=quarantine_size_mb=1:thread_local_quarantine_size_kb=64:malloc_context_size=4:detect_leaks=0
export AGENTSPOOL_FUZZING=1 SWIFT_BACKTRACE=enable=no
mkdir -p "$build/findings"
echo "Building the fuzzers; the first time takes some ten minutes."
options=(
  --configuration release --scratch-path "$build" --product fuzzers --sanitize address --sanitize fuzzer
  # C needs an option of its own: libyaml is a parser, too.
  -Xswiftc -enable-testing -Xcc -fsanitize=fuzzer-no-link
)
swift build "${options[@]}" >"$build/build.log" 2>&1 || { tail -n 30 "$build/build.log" >&2; exit 1; }
fuzzers=$(swift build "${options[@]}" --show-bin-path)/fuzzers

if [ "$minutes" = merge ]; then
  [ $# -eq 2 ] || { echo "which target's corpus?" >&2; exit 64; }
  exec "$fuzzers" --target="$2" -set_cover_merge=1 -max_len=2048 "$corpora/$2" "$build/corpus/$2"
fi

figure() { sed -n "s/^stat::$1: *//p" "$log"; }

printf '%-14s %11s %8s %9s %9s  %s\n' target runs runs/s "new units" "peak RSS" result
status=0
for target in $targets; do
  found=$build/corpus/$target
  log=$build/$target.log
  mkdir -p "$found"
  result="no finding"
  "$fuzzers" --target="$target" -max_total_time="$((minutes * 60))" -timeout=10 -rss_limit_mb=512 -max_len=16384 \
    -print_final_stats=1 -artifact_prefix="$build/findings/$target-" \
    -dict="Fuzzing/dictionaries/$target.dict" "$found" "$corpora/$target" >"$log" 2>&1 || {
    status=1
    artifact=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    result="FOUND ${artifact:-something, see $log}"
  }
  printf '%-14s %11s %8s %9s %6s MB  %s\n' "$target" "$(figure number_of_executed_units)" \
    "$(figure average_exec_per_sec)" "$(figure new_units_added)" "$(figure peak_rss_mb)" "$result"
done
exit "$status"
