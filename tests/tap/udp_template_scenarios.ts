/**
 * What the tests of the template do with the kernel's stack, inside a namespace; run as a program, with the scenario's
 * name.
 *
 * @module
 */

import { createSocket } from "node:dgram";
import { execFileSync } from "node:child_process";
import process from "node:process";
import { assert, assertEquals, assertMatch } from "../std_assert/mod.ts";
import type { Driver } from "../../core/driver.ts";
import { seededRandom } from "../../core/random.ts";
import { stack } from "../../core/stack.ts";
import { tap } from "../../drivers/tap.ts";
import { tun } from "../../drivers/tun.ts";
import { arp } from "../../protocols/arp.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { staticArp } from "../../protocols/static_arp.ts";
import { setPayloadU16, type UdpTemplate, udpTemplate } from "../../protocols/udp_template.ts";

const HOST = "10.9.0.1";
const OURS = "10.9.0.2";
const OUR_MAC = "02:00:00:00:00:02";
const TO = { source: OURS, destination: HOST, destinationPort: 5683 };

function ip(...args: string[]): string {
  return execFileSync("ip", args, { encoding: "utf8" });
}

function macOf(driver: Driver): string {
  return /link\/ether ([0-9a-f:]+)/.exec(ip("-o", "link", "show", driver.name))![1]!;
}

/** A socket of the kernel's, which tells the next datagram. */
// deno-lint-ignore explicit-function-return-type
async function kernel() {
  const socket = createSocket("udp4");
  const queue: Uint8Array[] = [];
  let heard = (): void => {};
  socket.on("message", (data, from) => {
    assertEquals([from.address, from.port], [OURS, 5683]);
    queue.push(new Uint8Array(data));
    heard();
  });
  await new Promise<void>((resolve) => socket.bind(5683, HOST, resolve));
  return {
    socket,
    async next(): Promise<Uint8Array> {
      const end = setTimeout(() => {
        console.error("The kernel got no datagram within 5 s");
        process.exit(1);
      }, 5000);
      while (queue.length === 0) await new Promise<void>((resolve) => heard = resolve);
      clearTimeout(end);
      return queue.shift()!;
    },
  };
}

/** Sends every length, and changes in place. */
async function readings(datagram: UdpTemplate): Promise<Awaited<ReturnType<typeof kernel>>> {
  const there = await kernel();
  const random = seededRandom(1);
  for (let size = 0; size <= 1472; size++) {
    const data = Uint8Array.from({ length: size }, random);
    assert(datagram.send(data));
    assertEquals(await there.next(), data, `${size} bytes`);
    if (size % 100 !== 99) continue;
    for (const value of [0, 0xffff, random() & 0xffff]) {
      setPayloadU16(datagram, size >> 2 << 1, value);
      data[size >> 2 << 1] = value >> 8;
      data[(size >> 2 << 1) + 1] = value;
      datagram.send();
      assertEquals(await there.next(), data);
    }
  }
  return there;
}

const SCENARIOS: Record<string, () => Promise<void>> = {
  async tun() {
    const driver = tun("bn0", { host: `${HOST}/24` });
    const net = stack({ driver, protocols: [udpTemplate(TO)] });
    (await readings(net.datagram)).socket.close();
    net.close();
  },

  async static() {
    const driver = tap("bt0", { host: `${HOST}/24` });
    const neighbour = macOf(driver);
    const net = stack({ driver, protocols: [staticArp({ mac: OUR_MAC, neighbour }), udpTemplate(TO)] });
    const there = await readings(net.datagram);
    // The kernel asks for us before it can send anything.
    there.socket.send("ack", 5683, OURS);
    for (let i = 0; i < 50 && net.counters().staticArp!.replies === 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assertMatch(ip("neigh", "show", OURS), /lladdr 02:00:00:00:00:02/);
    there.socket.close();
    net.close();
  },

  async arp() {
    const driver = tap("bt0", { host: `${HOST}/24` });
    const net = stack({ driver, protocols: [ethernet({ mac: OUR_MAC }), arp(), udpTemplate(TO)] });
    (await readings(net.datagram)).socket.close();
    assertEquals(net.packetsTaken, 0);
    net.close();
  },
};

await SCENARIOS[process.argv[2]!]!();
