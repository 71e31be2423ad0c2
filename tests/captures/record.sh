#!/bin/sh
# Records tests/captures/http.pcap: curl and Python's web server, kernel to kernel over a veth pair in two network
# namespaces that this script makes. Needs root, ip, ethtool, tcpdump, curl and python3.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
client="bonsai-rec-c-$$"
server="bonsai-rec-s-$$"
pids=""
cleanup() {
  for pid in $pids; do kill "$pid" 2>/dev/null || true; done
  ip netns del "$client" 2>/dev/null || true
  ip netns del "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT INT TERM

ip netns add "$client"
ip netns add "$server"
ip link add c0 netns "$client" address 02:00:00:00:00:01 type veth peer name s0 netns "$server" address 02:00:00:00:00:02
ip -n "$client" addr add 10.0.0.1/24 dev c0
ip -n "$server" addr add 10.0.0.2/24 dev s0
for side in "$client c0" "$server s0"; do
  set -- $side
  ip netns exec "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
  # Segments and checksums as they are on a wire, not as they are before the network card has done its work.
  ip netns exec "$1" ethtool -K "$2" tx off tso off gso off gro off >/dev/null
  ip -n "$1" link set lo up
  ip -n "$1" link set "$2" up
done
ip netns exec "$server" python3 "$here/server.py" &
pids="$pids $!"
ip netns exec "$server" tcpdump --immediate-mode -U -i s0 -w "$work/http.pcap" 2>/dev/null &
dump=$!
pids="$pids $dump"
sleep 1
# Two requests on one connection, then an upload on a connection of its own.
ip netns exec "$client" curl -sS http://10.0.0.2/hello http://10.0.0.2/page -o /dev/null -o /dev/null
head -c 5000 /dev/zero | tr '\0' 'u' > "$work/upload"
ip netns exec "$client" curl -sS -H "Expect:" --data-binary "@$work/upload" http://10.0.0.2/echo -o /dev/null
sleep 0.5
kill "$dump"
wait "$dump" || true
cp "$work/http.pcap" "$here/http.pcap"
tcpdump -nnr "$here/http.pcap" | tail -n 100
