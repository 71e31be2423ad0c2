#!/bin/sh
# Records the captures of this folder, without http.pcap: kernel to kernel in network namespaces that this script makes.
# Needs root, ip, ethtool, tcpdump, curl, ping and python3.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
work=$(mktemp -d)
a="bonsai-all-a-$$"
m="bonsai-all-m-$$"
b="bonsai-all-b-$$"
pids=""
cleanup() {
  for pid in $pids; do kill "$pid" 2>/dev/null || true; done
  for name in "$a" "$m" "$b"; do ip netns del "$name" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT INT TERM

for name in "$a" "$m" "$b"; do
  ip netns add "$name"
  ip -n "$name" link set lo up
done
in_a() { ip netns exec "$a" "$@"; }
in_b() { ip netns exec "$b" "$@"; }
traffic="$here/traffic.py"

# a0 - m0 and m1 - b0: in the middle a relay that loses and reorders. a1 - b1: straight.
ip link add a0 netns "$a" address 02:00:00:00:00:01 type veth peer name m0 netns "$m"
ip link add b0 netns "$b" address 02:00:00:00:00:02 type veth peer name m1 netns "$m"
ip link add a1 netns "$a" address 02:00:00:00:01:01 type veth peer name b1 netns "$b" address 02:00:00:00:01:02
for side in "$a a0" "$b b0" "$m m0" "$m m1" "$a a1" "$b b1"; do
  set -- $side
  ip netns exec "$1" ethtool -K "$2" tx off tso off gso off gro off >/dev/null
  ip -n "$1" link set "$2" up
done
ip -n "$a" addr add 10.0.0.1/24 dev a0
ip -n "$b" addr add 10.0.0.2/24 dev b0
ip -n "$a" addr add 10.0.1.1/24 dev a1
ip -n "$b" addr add 10.0.1.2/24 dev b1
ip -n "$a" addr add fd00:1::1/64 dev a1 nodad
ip -n "$b" addr add fd00:1::2/64 dev b1 nodad
ip -n "$a" link add vx0 type vxlan id 4 dstport 4789 local 10.0.1.1 remote 10.0.1.2
ip -n "$b" link add vx0 type vxlan id 4 dstport 4789 local 10.0.1.2 remote 10.0.1.1
for side in "$a 1" "$b 2"; do
  set -- $side
  ip -n "$1" link set vx0 up
  ip -n "$1" addr add "10.0.9.$2/24" dev vx0
done
# aN - mN and nN - bN with tags of VLANs between: one, and two of which the outer one is a customer's or a provider's.
trunk() {
  number=$1
  shift
  ip link add "a$number" netns "$a" type veth peer name "m$number" netns "$m"
  ip link add "b$number" netns "$b" type veth peer name "n$number" netns "$m"
  ip -n "$m" link add "t$number" type veth peer name "u$number"
  for side in "$a a$number" "$b b$number" "$m m$number" "$m n$number" "$m t$number" "$m u$number"; do
    ip netns exec "${side% *}" ethtool -K "${side#* }" tx off tso off gso off gro off >/dev/null
    ip -n "${side% *}" link set "${side#* }" up
  done
  ip -n "$a" addr add "10.0.$number.1/24" dev "a$number"
  ip -n "$b" addr add "10.0.$number.2/24" dev "b$number"
  ip netns exec "$m" python3 "$traffic" tag "m$number" "t$number" "$@" &
  pids="$pids $!"
  ip netns exec "$m" python3 "$traffic" tag "n$number" "u$number" "$@" &
  pids="$pids $!"
}
trunk 2 8100:5
trunk 3 8100:100 8100:7
trunk 4 88a8:9 8100:4000
ip netns exec "$m" python3 "$traffic" relay m0 m1 0.03 0.05 &
pids="$pids $!"
for host in 10.0.0.2 10.0.1.2 fd00:1::2 10.0.2.2 10.0.3.2 10.0.4.2 10.0.9.2; do
  ip netns exec "$b" python3 "$traffic" server "$host" >/dev/null 2>&1 &
  pids="$pids $!"
done
sleep 1.5

# record FILE NAMESPACE INTERFACE TCPDUMP-OPTIONS -- COMMANDS
record() {
  file=$1
  space=$2
  interface=$3
  shift 3
  options=""
  while [ "$1" != "--" ]; do
    options="$options $1"
    shift
  done
  shift
  ip -n "$a" neigh flush all
  ip -n "$b" neigh flush all
  # shellcheck disable=SC2086 -- one word an option
  ip netns exec "$space" tcpdump --immediate-mode -U -Z root -i "$interface" $options -w "$work/$file" 2>/dev/null &
  dump=$!
  sleep 0.7
  "$@"
  sleep 0.5
  kill "$dump"
  wait "$dump" || true
  mv "$work/$file" "$out/$file"
}

exchange() { in_a python3 "$traffic" exchange "$@"; }

record tcp.pcap "$b" b1 -- exchange 10.0.1.2 20000
record tcp_ns.pcap "$b" b1 --time-stamp-precision=nano -- exchange 10.0.1.2 3000
record lossy.pcap "$b" b0 -- exchange 10.0.0.2 150000
record lossy_sender.pcap "$a" a0 -s 120 -- exchange 10.0.0.2 150000
record ipv6.pcap "$b" b1 -- exchange fd00:1::2 20000
half() {
  in_a python3 "$traffic" half_close 10.0.1.2
  in_a python3 "$traffic" resets 10.0.1.2
  in_a python3 "$traffic" resets fd00:1::2
}
record ends.pcap "$b" b1 -- half
udp() {
  in_a python3 "$traffic" datagrams 10.0.1.2 0 1 1000 4000 65507 1472 1473
  in_a python3 "$traffic" datagrams fd00:1::2 0 1 1000 4000 20000
  in_a ping -q -c 2 -s 3000 10.0.1.2 >/dev/null
  in_a ping -q -c 2 -s 3000 fd00:1::2 >/dev/null
}
record fragments.pcap "$b" b1 -- udp
lost() {
  in_a ping -q -c 12 -i 0.2 -s 8000 10.0.0.2 >/dev/null || true
}
record fragments_lost.pcap "$b" b0 -- lost
dns() {
  in_a python3 "$traffic" names 10.0.1.2
  in_a python3 "$traffic" names fd00:1::2
}
record dns.pcap "$b" b1 -- dns
tagged() {
  exchange "10.0.$1.2" 1200
  in_a ping -q -c 1 "10.0.$1.2" >/dev/null
  in_a python3 "$traffic" datagrams "10.0.$1.2" 3000
}
record vlan.pcap "$m" t2 -- tagged 2
record vlan_twice.pcap "$m" t3 -- tagged 3
record vlan_provider.pcap "$m" t4 -- tagged 4
tunnel() {
  exchange 10.0.9.2 3000
  in_a python3 "$traffic" datagrams 10.0.9.2 2000
}
record vxlan.pcap "$b" b1 -- tunnel
record any_sll.pcap "$b" any -y LINUX_SLL -- tagged 1
record any_sll2.pcap "$b" any -y LINUX_SLL2 -- tagged 1
record loopback.pcap "$b" lo -- in_b python3 "$traffic" exchange 10.0.1.2 30000
options() {
  for setting in "0 0 0" "1 0 1" "0 1 1"; do
    set -- $setting
    in_a sysctl -qw "net.ipv4.tcp_timestamps=$1" "net.ipv4.tcp_sack=$2" "net.ipv4.tcp_window_scaling=$3"
    exchange 10.0.0.2 15000
  done
}
record options.pcap "$b" b0 -- options
in_a sysctl -qw net.ipv4.tcp_timestamps=1 net.ipv4.tcp_sack=1 net.ipv4.tcp_window_scaling=1
# As the kernel hands it to the network card: long segments, checksums not finished.
for side in "$a a1" "$b b1"; do
  set -- $side
  ip netns exec "$1" ethtool -K "$2" tx on tso on gso on gro on >/dev/null
done
record offloads.pcap "$a" a1 -- exchange 10.0.1.2 60000
ls -l "$out"
