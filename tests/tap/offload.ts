/**
 * What the tests of offloads do, inside a namespace; run as a program: `offload.ts tap|tun 4|6`.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import process from "node:process";
import { assert, assertEquals } from "../std_assert/mod.ts";
import { stack } from "../../core/stack.ts";
import { tap, type TapOptions } from "../../drivers/tap.ts";
import { tun } from "../../drivers/tun.ts";
import { arp } from "../../protocols/arp.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { icmp } from "../../protocols/icmp.ts";
import { icmpv6 } from "../../protocols/icmpv6.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { ipv6 } from "../../protocols/ipv6.ts";
import { ndp } from "../../protocols/ndp.ts";
import { tcp } from "../../protocols/tcp.ts";
import { udp } from "../../protocols/udp.ts";

const [medium, family] = process.argv.slice(2);
const OURS = family === "4" ? "10.9.0.2" : "fd09::2";
const THEIRS = family === "4" ? "10.9.0.1" : "fd09::1";
const SIZE = 20_000_003;

const four = { address: "10.9.0.2/24" };
const six = { address: "fd09::2/64" };
const above = [icmp(), icmpv6(), udp(), tcp()] as const;

// deno-lint-ignore explicit-function-return-type
function open(options?: TapOptions) {
  return medium === "tap"
    ? stack({
      driver: tap("to0", options),
      protocols: [ethernet(), arp(), ipv4(four), ndp(), ipv6(six), ...above],
    })
    : stack({ driver: tun("to0", options), protocols: [ipv4(four), ipv6(six), ...above] });
}

const net = open({ host: "10.9.0.1/24", host6: "fd09::1/64", offload: true, persistent: true });

/** Byte `at` of what goes both ways. */
function byteAt(at: number): number {
  return at * 31 + (at >> 8) * 7 & 255;
}

async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

// An address of the kernel's may be tentative at first.
await sleep(family === "4" ? 100 : 2500);

// TCP, both ways at once: every byte compared at both ends.
const listener = net.tcp.listen({ port: 7 });
const ours = (async () => {
  using conn = await listener.accept();
  const send = (async () => {
    const chunk = new Uint8Array(100_003);
    for (let at = 0; at < SIZE;) {
      const size = Math.min(chunk.length, SIZE - at);
      for (let i = 0; i < size; i++) chunk[i] = byteAt(at + i);
      for (let done = 0; done < size;) done += await conn.write(chunk.subarray(done, size));
      at += size;
    }
    await conn.closeWrite();
  })();
  let received = 0;
  const chunk = new Uint8Array(65_536);
  for (let size = await conn.read(chunk); size !== null; size = await conn.read(chunk)) {
    for (let i = 0; i < size; i++) assertEquals(chunk[i], byteAt(received + i));
    received += size;
  }
  await send;
  return received;
})();
const theirs = new Promise<number>((resolve, reject) => {
  const socket = connect(7, OURS);
  let received = 0;
  socket.on("data", (data) => {
    for (let i = 0; i < data.length; i++) {
      if (data[i] !== byteAt(received + i)) return reject(new Error(`byte ${received + i} is wrong`));
    }
    received += data.length;
  });
  socket.on("end", () => resolve(received));
  socket.on("error", reject);
  const all = Uint8Array.from({ length: SIZE }, (_, at) => byteAt(at));
  socket.end(all);
});
assertEquals(await Promise.all([ours, theirs]), [SIZE, SIZE]);
const { tcp: counted, driver: passed } = net.counters();
assertEquals([counted!.badChecksum, passed!.refused, passed!.oversized], [0, 0, 0]);
// Whole packets of many segments went both ways.
assert(counted!.segmentsSent! < SIZE / 1400, `${counted!.segmentsSent} segments sent`);
assert(counted!.segmentsReceived! < SIZE / 1400, `${counted!.segmentsReceived} segments received`);

// TCP, opened by us.
const server = createServer((peer) => void peer.end("hello"));
await new Promise<void>((resolve) => server.listen(10, THEIRS, resolve));
const conn = await net.tcp.connect({ hostname: THEIRS, port: 10 });
const greeting = new Uint8Array(16);
assertEquals(await conn.read(greeting), 5);
conn.close();
server.close();

// UDP: datagrams in one piece and in fragments, echoed by the kernel's program.
const kernel = createSocket(family === "4" ? "udp4" : "udp6");
kernel.on("message", (data, from) => kernel.send(data, from.port, from.address));
await new Promise<void>((resolve) => kernel.bind(9, THEIRS, resolve));
let heard: Uint8Array | null = null;
const socket = net.udp.bind({ port: 0 }, (data) => heard = data.slice());
for (const size of [0, 1, 8, 1400, 1472, 1473, 9000]) {
  const data = Uint8Array.from({ length: size }, (_, at) => byteAt(at));
  socket.send(data, net.udp.parse(THEIRS).address, 9);
  for (let i = 0; i < 200 && heard === null; i++) await sleep(5);
  assertEquals(heard, data, `${size} bytes`);
  heard = null;
}

// To ourselves: nobody finishes a checksum, and nobody asks for it.
const self = net.udp.bind({ port: 11 }, (data) => heard = data.slice());
socket.send(Uint8Array.of(1, 2, 3), net.udp.parse(OURS).address, 11);
await sleep(50);
assertEquals(heard, Uint8Array.of(1, 2, 3));
self.close();
kernel.close();
assertEquals([net.counters().udp!.badChecksum, net.counters().driver!.refused], [0, 0]);
net.close();
// The thread that waited for the device lets go of it.
await sleep(200);

// The next user of the device gets packets as wires carry them.
const again = open();
const refused = new Promise<string>((resolve) => connect(8, OURS).on("error", (error) => resolve(String(error))));
assert((await refused).includes("ECONNREFUSED"));
assertEquals(again.counters().tcp!.badChecksum, 0);
again.close();
execFileSync("ip", ["link", "delete", "to0"]);
console.log("done");
process.exit(0);
