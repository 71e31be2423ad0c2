/**
 * What packets cost that nobody wants: broadcasts to a port that is closed, with the kernel's filter and without.
 *
 * `deno run -A bench/tap_unwanted.ts plain|filtered|flood HOST SECONDS`.
 *
 * @module
 */

import { createSocket } from "node:dgram";
import process from "node:process";
import { stack } from "@bonsai/net";
import { tap } from "@bonsai/net/drivers/tap";
import { arp } from "@bonsai/net/protocols/arp";
import { ethernet } from "@bonsai/net/protocols/ethernet";
import { icmp } from "@bonsai/net/protocols/icmp";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { kernelFilter } from "@bonsai/net/protocols/kernel_filter";
import { tcp } from "@bonsai/net/protocols/tcp";
import { udp } from "@bonsai/net/protocols/udp";
import { HOST_CIDR, Lab, STACK_CIDR } from "./lab.ts";
import { binary, command, lacks, NAMES, type Runtime } from "./runtimes.ts";
import type { Contender, Sample, Scenario } from "./scenario.ts";

/** Sent every millisecond. */
const BURST = 20;
/** Seconds that are not measured at first. */
const WARM_UP = 1;

/** The scenario. */
export const tapUnwanted: Scenario = {
  name: "tap-unwanted",
  title: "Broadcasts to a closed UDP port, over TAP",
  conditions: [
    `the kernel sends ${BURST} datagrams every millisecond to the broadcast address of the link, from the other processor`,
    "bonsai: Ethernet, ARP, IPv4, ICMP, UDP and TCP over tap(), with an open UDP port, idle but for them",
    "kernelFilter(): the same with it",
  ],
  rate: ["packets/s", 1],
  cost: ["CPU µs/packet", 1e6],
  open: () => {
    const missing = Lab.lacks();
    if (missing !== null || !binary("deno")) return { contenders: [], absent: [missing ?? lacks("deno")] };
    const runtimes = (["deno", "bun"] as const).filter(binary);
    return {
      contenders: runtimes.flatMap((runtime): Contender[] => [
        { name: `kernelFilter(), ${NAMES[runtime]}`, measure: (seconds) => round("filtered", runtime, seconds) },
        {
          name: `without, ${NAMES[runtime]}`,
          against: `kernelFilter(), ${NAMES[runtime]}`,
          measure: (seconds) => round("plain", runtime, seconds),
        },
      ]),
      absent: binary("bun") ? [] : [lacks("bun")],
    };
  },
};

async function round(name: "plain" | "filtered", runtime: Runtime, seconds: number): Promise<Sample> {
  await using lab = new Lab();
  const server = await lab.serve(runtime, "tap", "bench/tap_unwanted.ts", name);
  const flood = async (seconds: number): Promise<{ sent: number; took: number }> => {
    const program = lab.start(command("deno", "bench/tap_unwanted.ts", "flood", String(seconds)));
    const [, line] = await program.line(/^result (.*)/, seconds * 1000 + 20_000);
    return JSON.parse(line!);
  };
  await flood(WARM_UP);
  const [user, system] = server.cpu();
  const { sent, took } = await flood(seconds);
  const [userAfter, systemAfter] = server.cpu();
  return { units: sent, seconds: took, user: userAfter - user, system: systemAfter - system };
}

async function flood(seconds: number): Promise<void> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, resolve));
  socket.setBroadcast(true);
  const broadcast = STACK_CIDR.replace(/\d+\/24$/, "255");
  const began = performance.now();
  let sent = 0;
  for (let now = began; now < began + seconds * 1000; now = performance.now()) {
    for (; sent < (now - began) * BURST; sent += BURST) {
      for (let i = 0; i < BURST; i++) socket.send("unwanted", 9, broadcast);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  console.log(`result ${JSON.stringify({ sent, took: (performance.now() - began) / 1000 })}`);
  process.exit(0);
}

if (import.meta.main) {
  const [role, seconds] = process.argv.slice(2);
  if (role === "flood") await flood(Number(seconds));
  else {
    const driver = tap("tap0", { host: HOST_CIDR });
    const host = [ethernet(), arp(), ipv4({ address: STACK_CIDR }), icmp(), udp(), tcp()] as const;
    const net = role === "filtered"
      ? stack({ driver, protocols: [...host, kernelFilter()] })
      : stack({ driver, protocols: [...host] });
    net.udp.bind({ port: 7 }, () => {});
    console.log("ready");
  }
}
