#!/bin/bash
# Runs a command beside a real systemd-journald of its own, on any machine, with no systemd as PID 1.
#
#   scripts/with-journald.sh COMMAND [ARGUMENT...]
#
# COMMAND finds the journal's sockets under /run/systemd/journal and reads the journal with journalctl(1), as on
# a booted system; `journalctl --sync` first waits until all is stored. JOURNALD_PID is exported, so that a test can
# stop, continue or kill the journal. The exit status is COMMAND's.
#
# The journal is volatile and invisible outside: it lives in a mount and a PID namespace that end with COMMAND, however
# this script ends. Inside, /run is empty but for the journal, and processes outside are not visible.
#
# Exits with 77, which test harnesses take for "skipped", and a message where it cannot run: without root, unshare(1)
# or systemd-journald.
set -euo pipefail

skip() { echo "with-journald: skipped: $1" >&2; exit 77; }

if [ "${1-}" != --inside ]; then
    [ $# -gt 0 ] || { echo "usage: with-journald.sh COMMAND [ARGUMENT...]" >&2; exit 64; }
    [ "$EUID" = 0 ] || skip "not root"
    command -v unshare >/dev/null || skip "unshare(1) is missing (package util-linux)"
    journald=$(PATH=/usr/lib/systemd:/lib/systemd command -v systemd-journald) ||
        skip "systemd-journald is missing (package systemd)"
    namespaces=(--mount --propagation private --pid --fork --kill-child --mount-proc)
    unshare "${namespaces[@]}" true 2>/dev/null || skip "this process may not make namespaces"
    exec unshare "${namespaces[@]}" "$BASH" "$0" --inside "$journald" "$@"
fi

journald=$2
shift 2

mount -t tmpfs -o mode=0755 with-journald /run
# A persistent journal of the machine would be read by journalctl too.
if [ -d /var/log/journal ]; then mount -t tmpfs -o mode=0755 with-journald /var/log/journal; fi
# The journal names its files after the machine's id, which an image often leaves empty.
if [ -e /etc/machine-id ]; then
    tr -d - </proc/sys/kernel/random/uuid >/run/machine-id
    mount --bind /run/machine-id /etc/machine-id
fi
mkdir -p /run/systemd/journald.conf.d /run/systemd/journal
# No rate limit: entries that the journal drops would look like entries that the logger lost.
cat >/run/systemd/journald.conf.d/zz-test.conf <<'CONF'
[Journal]
Storage=volatile
ReadKMsg=no
Audit=no
ForwardToSyslog=no
ForwardToWall=no
RateLimitIntervalSec=0
CONF

"$journald" 2>/run/journald.log &
export JOURNALD_PID=$!

for ((tries = 0; tries < 500; tries++)); do
    [ ! -S /run/systemd/journal/socket ] || break
    kill -0 "$JOURNALD_PID" 2>/dev/null || break
    sleep 0.02
done
if [ ! -S /run/systemd/journal/socket ]; then
    echo "with-journald: the journal did not start:" >&2
    cat /run/journald.log >&2
    exit 70
fi

status=0
"$@" || status=$?
# This script is PID 1 of the namespace: its end ends the journal, stopped or not.
exit "$status"
