#!/bin/sh
# Records the conversations of this folder and ../http.pcap, kernel to kernel over a veth pair in two network namespaces
# that this script makes; for the one with losses over a third namespace, in which relay.py is a bad network. Writes them
# there, or into the folder that is its argument. Needs root, ip, ethtool, tcpdump, curl, ping, dig and python3.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
http=${1:-$here/..}
work=$(mktemp -d)
client="bonsai-conv-c-$$"
server="bonsai-conv-s-$$"
middle="bonsai-conv-m-$$"
pids=""
cleanup() {
  for pid in $pids; do kill "$pid" 2>/dev/null || true; done
  ip netns del "$client" 2>/dev/null || true
  ip netns del "$server" 2>/dev/null || true
  ip netns del "$middle" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT INT TERM

ip netns add "$client"
ip netns add "$server"
ip link add c0 netns "$client" address 02:00:00:00:00:01 type veth peer name s0 netns "$server" address 02:00:00:00:00:02
for side in "$client c0 1" "$server s0 2"; do
  set -- $side
  # Segments and checksums as they are on a wire, not as they are before the network card has done its work.
  ip netns exec "$1" ethtool -K "$2" tx off tso off gso off gro off >/dev/null
  ip -n "$1" addr add "10.0.0.$3/24" dev "$2"
  ip -n "$1" addr add "fd00::$3/64" dev "$2" nodad
  ip -n "$1" link set lo up
  ip -n "$1" link set "$2" up
done
on_client() { ip netns exec "$client" "$@"; }
on_server() { ip netns exec "$server" "$@"; }
curls() { on_client curl -sS -H "Expect:" "$@" >/dev/null; }
py() { on_client python3 "$here/client.py" 10.0.0.2 "$1"; }

# record NAME COMMAND…: what passes at the server, at the device $device, while the command runs; without what IPv6 says of
# neighbours and, behind hop-by-hop options, of groups.
device=s0
record() {
  name=$1
  shift
  ip netns exec "$server" tcpdump --immediate-mode -U -i "$device" -w "$work/$name.pcap" "not (ip6[6] = 0 or (icmp6 and ip6[40] >= 130))" 2>/dev/null &
  dump=$!
  pids="$pids $dump"
  sleep 0.5
  "$@"
  sleep 0.5
  kill "$dump"
  wait "$dump" || true
}

# The program itself, whose process the script ends.
python=$(python3 -c 'import sys; print(sys.executable)')
ip netns exec "$server" "$python" "$here/../server.py" &
web=$!
pids="$pids $web"
head -c 5000 /dev/zero | tr '\0' 'u' >"$work/upload"
requests() {
  on_client curl -sS http://10.0.0.2/hello http://10.0.0.2/page >/dev/null
  curls --data-binary "@$work/upload" http://10.0.0.2/echo
}
record http requests
cp "$work/http.pcap" "$http/http.pcap"
rm "$work/http.pcap"
kill "$web"
wait "$web" 2>/dev/null || true
# Each server is asked for its address by ARP again.
for ns in "$client" "$server"; do ip -n "$ns" neigh flush all; done

for address in 10.0.0.2 fd00::2; do
  ip netns exec "$server" "$python" "$here/server.py" "$address" &
  pids="$pids $!"
done
sleep 1

record keep_alive curls http://10.0.0.2/1 http://10.0.0.2/200 http://10.0.0.2/3
record pipelined py pipelined
record half_close py half_close
record reset_by_client py reset_by_client
record reset_by_server py reset_by_server
record refused py refused
record dialog py dialog
record slow_reader py slow_reader
record udp_echo py udp_echo
record udp_unreachable py udp_unreachable
record ping on_client ping -q -c 3 -i 0.2 -s 1000 10.0.0.2
record dns on_client dig +short @10.0.0.2 www.example A www.example AAAA nowhere.example A
record ipv6 curls "http://[fd00::2]/50"
yes "a line of an upload that is as long as it has to be" 2>/dev/null | head -c 10485760 >"$work/upload"
head -c 200000 "$work/upload" >"$work/small"
for ns in "$client" "$server"; do
  ip netns exec "$ns" sysctl -qw net.ipv4.tcp_sack=0 net.ipv4.tcp_timestamps=0 net.ipv4.tcp_window_scaling=0
done
record no_options curls --data-binary "@$work/small" http://10.0.0.2/ http://10.0.0.2/50
for ns in "$client" "$server"; do
  ip netns exec "$ns" sysctl -qw net.ipv4.tcp_sack=1 net.ipv4.tcp_timestamps=1 net.ipv4.tcp_window_scaling=1
done
ip netns add "$middle"
ip link add c1 netns "$client" type veth peer name m0 netns "$middle"
ip link add s1 netns "$server" type veth peer name m1 netns "$middle"
for side in "$client c1" "$middle m0" "$middle m1" "$server s1"; do
  set -- $side
  ip netns exec "$1" sysctl -qw "net.ipv6.conf.$2.disable_ipv6=1"
  ip netns exec "$1" ethtool -K "$2" tx off tso off gso off gro off >/dev/null
  ip -n "$1" link set "$2" up
done
ip -n "$client" addr add 10.0.1.1/24 dev c1
ip -n "$server" addr add 10.0.1.2/24 dev s1
ip netns exec "$server" "$python" "$here/server.py" 10.0.1.2 &
pids="$pids $!"
ip netns exec "$middle" "$python" "$here/relay.py" m0 m1 &
pids="$pids $!"
sleep 1
device=s1
record upload_with_loss curls --data-binary "@$work/upload" http://10.0.1.2/
for file in "$work"/*.pcap; do gzip -9n <"$file" >"$out/$(basename "$file").gz"; done
ls -l "$out"
