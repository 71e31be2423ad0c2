// Sends the same odd packets to our stack and to the kernel of this namespace, and prints where their answers differ. Run by
// `beside_kernel_test.ts`; arguments: a seed, and how many packets of each kind.

import { ManualClock, Packet, seededRandom, stack } from "@bonsai/net";
import { memory } from "@bonsai/net/drivers/memory";
import { tun } from "@bonsai/net/drivers/tun";
import { icmp } from "@bonsai/net/protocols/icmp";
import { icmpv6 } from "@bonsai/net/protocols/icmpv6";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { ipv6 } from "@bonsai/net/protocols/ipv6";
import { tcp } from "@bonsai/net/protocols/tcp";
import { udp } from "@bonsai/net/protocols/udp";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { RandomPackets, saying } from "./random_packets.ts";

const [seed = 1, count = 1000] = process.argv.slice(2).map(Number);
const kernel = tun("tun0", { host: "10.0.0.2/24", host6: "fd01::2/64" });
for (
  const command of [
    "sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 net.ipv4.icmp_msgs_per_sec=1000000",
    "sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.tun0.rp_filter=0",
    "ip route add default dev tun0",
    "ip -6 route add default dev tun0",
  ]
) spawnSync("sh", ["-c", command], { stdio: "inherit" });
// The kernel asks whether it may have its addresses.
await new Promise((resolve) => setTimeout(resolve, 2500));

const clock = new ManualClock(10_000);
const [here, there] = memory("ip");
const rateLimit = 1_000_000;
const net = stack({
  driver: there,
  clock,
  random: seededRandom(1),
  protocols: [
    ipv4({ address: "10.0.0.2/24", gateway: "10.0.0.1" }),
    icmp({ rateLimit }),
    ipv6({ address: "fd01::2/64", gateway: "fd01::1" }),
    icmpv6({ rateLimit }),
    udp(),
    tcp(),
  ],
});
const packet = new Packet(70_000);

/** What either end has to say, answers alone: programs look names up, and the kernel looks for routers. */
function heard(driver: typeof here | typeof kernel): string[] {
  const list: string[] = [];
  for (packet.reset(); driver.receive(packet); packet.reset()) {
    const six = packet.u8(0) >> 4 === 6;
    const protocol = packet.u8(six ? 6 : 9);
    if (protocol === 17 || protocol === 2 || six && (protocol === 0 || protocol === 58 && packet.u8(40) > 129)) {
      continue;
    }
    list.push(saying(packet.view()));
  }
  return list;
}

function askUs(bytes: Uint8Array): string[] {
  packet.write(bytes);
  here.transmit(packet);
  here.flush();
  for (let i = 0; i < 4; i++) net.poll();
  clock.advance(5);
  net.poll();
  return heard(here);
}

async function askKernel(bytes: Uint8Array): Promise<string[]> {
  packet.write(bytes);
  kernel.transmit(packet);
  kernel.flush();
  await new Promise((resolve) => setTimeout(resolve, 1));
  return heard(kernel);
}

/** Asks both; once more when they differ, for a busy machine may answer late. */
async function compare(what: string, packets: readonly Uint8Array[]): Promise<void> {
  let ours: string[] = [];
  let theirs: string[] = [];
  for (let attempt = 0; attempt < 2; attempt++) {
    [ours, theirs] = [[], []];
    for (const bytes of packets) {
      ours.push(...askUs(bytes));
      theirs.push(...await askKernel(bytes));
    }
    // What was left of fragments is told of later, and is not of interest here.
    if (`${ours}` === `${theirs}`) return;
    await new Promise((resolve) => setTimeout(resolve, 300));
    heard(kernel);
  }
  const sent = packets.map((bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""));
  console.log(JSON.stringify({ what, sent, ours, theirs }));
}

heard(kernel);
net.poll();
heard(here);
const packets = new RandomPackets(seed);
for (let i = 0; i < count; i++) {
  await compare("IPv4", [packets.ipv4()]);
  await compare("IPv6", [packets.ipv6()]);
  if (i % 2 === 0) await compare(`fragments of IPv${i % 4 === 0 ? 4 : 6}`, packets.fragments(i % 4 === 0 ? 4 : 6));
}
console.log(`asked ${count}`);
kernel.close();
process.exit(0);
