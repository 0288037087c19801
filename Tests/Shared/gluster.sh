#!/usr/bin/env bash
# A real GlusterFS and several hosts on one machine, each a network namespace with a mount of its own.
#
#   gluster.sh up DIR HOST...     starts the server and mounts the volume for each host; the state lies in DIR
#   gluster.sh mount DIR HOST     prints where a host has it mounted
#   gluster.sh on DIR HOST CMD... runs a command in a host's network
#   gluster.sh down DIR           takes all of it down, and removes DIR
#
# Needs root and /dev/fuse; Debian's glusterfs-server, glusterfs-client, iproute2, util-linux.
set -euo pipefail

action=$1 directory=$2
shift 2
prefix=agentspool-$(basename "$directory" | tr -cd 'a-zA-Z0-9' | tail -c 6)
server=10.77.0.1
volume=spool

in_network() { nsenter --net="/run/netns/$prefix-$1" "${@:2}"; }
on_server() { nsenter -t "$(cat "$directory/server.pid")" --net --mount -- "$@"; }
patiently() { for _ in $(seq 150); do "$@" >/dev/null 2>&1 && return; sleep 0.1; done; echo "not in time: $*" >&2; return 1; }

case $action in
up)
  mkdir -p "$directory"/{state,run,log,brick}
  printf '%s\n' "$@" >"$directory/hosts"
  ip netns add "$prefix-server"
  in_network server ip link set lo up
  in_network server ip link add bridge type bridge
  in_network server ip addr add $server/24 dev bridge
  in_network server ip link set bridge up
  number=10
  for host in "$@"; do
    number=$((number + 1))
    ip netns add "$prefix-$host"
    in_network "$host" ip link set lo up
    in_network server ip link add "v-$host" type veth peer name eth0 netns "$prefix-$host"
    in_network server ip link set "v-$host" master bridge up
    in_network "$host" ip addr add 10.77.0.$number/24 dev eth0
    in_network "$host" ip link set eth0 up
  done
  # The server becomes a daemon by itself; a sleeping process keeps its mount namespace.
  in_network server setsid unshare --mount --propagation private bash -c '
    mkdir -p /var/lib/glusterd /run/gluster /var/log/glusterfs
    mount --bind "$0/state" /var/lib/glusterd; mount --bind "$0/run" /run/gluster; mount --bind "$0/log" /var/log/glusterfs
    echo $$ >"$0/server.pid"; exec sleep infinity' "$directory" </dev/null >/dev/null 2>&1 &
  patiently test -s "$directory/server.pid"
  on_server glusterd --pid-file=/run/gluster/glusterd.pid --log-file=/var/log/glusterfs/glusterd.log
  patiently on_server gluster --mode=script volume info
  on_server gluster --mode=script volume create $volume "$server:$directory/brick/data" force >/dev/null
  on_server gluster --mode=script volume start $volume >/dev/null
  for host in "$@"; do
    mkdir -p "$directory/mount-$host"
    # The kernel caches no names and attributes: this host sees another host's changes at once.
    in_network "$host" glusterfs --process-name fuse --volfile-server=$server --volfile-id=$volume \
      --log-file="$directory/log/$host.log" --entry-timeout=0 --attribute-timeout=0 --negative-timeout=0 \
      --pid-file="$directory/client-$host.pid" "$directory/mount-$host"
    patiently mountpoint -q "$directory/mount-$host"
  done
  ;;
mount) echo "$directory/mount-$1" ;;
on) in_network "$@" ;;
down)
  for host in $(cat "$directory/hosts" 2>/dev/null); do
    umount -l "$directory/mount-$host" 2>/dev/null || true
    [ ! -f "$directory/client-$host.pid" ] || kill -9 "$(cat "$directory/client-$host.pid")" 2>/dev/null || true
  done
  # The processes in the server's network are the server, its brick, and the one that keeps the mount namespace.
  for process in $(ip netns pids "$prefix-server" 2>/dev/null); do kill -9 "$process" 2>/dev/null || true; done
  for host in server $(cat "$directory/hosts" 2>/dev/null); do ip netns del "$prefix-$host" 2>/dev/null || true; done
  rm -rf "${directory:?}"
  ;;
*) echo "usage: gluster.sh up|mount|on|down DIR ..." >&2; exit 64 ;;
esac
