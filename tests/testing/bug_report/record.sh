#!/bin/sh
# Records bug_report.pcap as a user would: tcpdump beside the server, here in a namespace that this script makes. Needs
# root, ip, tcpdump, curl and python3.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
name="bonsai-bug-$$"
pids=""
cleanup() {
  for pid in $pids; do kill "$pid" 2>/dev/null || true; done
  ip netns del "$name" 2>/dev/null || true
}
trap cleanup EXIT INT TERM
ip netns add "$name"
ip -n "$name" link set lo up
ip -n "$name" addr add 10.0.0.5/24 dev lo
ip -n "$name" addr add 10.0.0.1/24 dev lo
ip netns exec "$name" "$(python3 -c 'import sys; print(sys.executable)')" "$here/server.py" &
pids="$pids $!"
ip netns exec "$name" tcpdump --immediate-mode -U -i any -B 4096 -w "$here/bug.pcap" 2>/dev/null &
dump=$!
pids="$pids $dump"
sleep 3
ip netns exec "$name" curl -sS --interface 10.0.0.1 \
  "http://10.0.0.5:8080/average?price=3&price=4" "http://10.0.0.5:8080/average"
sleep 0.5
kill "$dump"
wait "$dump" || true
