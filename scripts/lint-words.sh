#!/usr/bin/env bash
# Checks the words of the project. Prints file:line for each word that leaves the actor unnamed (the list is below) in
# tracked files, and each commit subject of more than 72 characters since the last tag, or without a tag since the merge
# base with origin/main. Fails when it has printed any. Without git it reads all files, and no commits.
set -euo pipefail
cd "$(dirname "$0")/.."

words='nobody|somebody|anybody|someone|whoever'
# The system user of that name: "user nobody", "-u nobody", User=nobody, /home/nobody, nobody:nogroup, nobody-else.
user='(user [`"]?|-u |[/:=])nobody|nobody(/|-|:[a-z])'
places=(
  Sources docs packaging examples Tests Proofs Fuzzing Benchmarks scripts README.md SECURITY.md Makefile Package.swift
)
subject_max=72
status=0

has_git() { [ -e .git ] && git ls-files >/dev/null 2>&1; }

# Prints the names of the files to check, each with a NUL at its end: neither this file nor the inputs of the fuzzers,
# which are data.
files() {
  if has_git; then
    git ls-files -z -- "${places[@]}"
  else
    find "${places[@]}" -name '.?*' -prune -o -type f -print0
  fi | grep -zv -e '^scripts/lint-words\.sh$' -e '^Fuzzing/corpus/'
}

files | while IFS= read -r -d '' file; do
  # A file that is deleted and not committed is still tracked.
  [ ! -f "$file" ] || printf '%s\0' "$file"
done | LC_ALL=C WORDS=$words USER_NOBODY=$user xargs -0 -r awk '
  BEGIN { word = "[^a-z0-9_](" ENVIRON["WORDS"] ")[^a-z0-9_]"; user = ENVIRON["USER_NOBODY"] }
  {
    line = " " tolower($0) " "
    gsub(user, "", line)
    if (line ~ word) { print FILENAME ":" FNR ": " $0; found = 1 }
  }
  END { exit found }' || {
  echo "lint-words: name the actor: the daemon, the submitter, the operator, the caller, another process" >&2
  status=1
}

if has_git; then
  base=$(git describe --tags --abbrev=0 2>/dev/null || git merge-base HEAD origin/main 2>/dev/null || true)
  if [ -n "$base" ]; then
    while read -r commit subject; do
      length=$(printf %s "$subject" | LC_ALL=C.UTF-8 wc -m)
      [ "$length" -gt "$subject_max" ] || continue
      echo "$commit: the subject has $length characters, more than $subject_max: $subject"
      status=1
    done < <(git log --no-merges --format='%h %s' "$base..HEAD")
  fi
fi
exit "$status"
