/**
 * What the test of packet sockets does, inside two namespaces that a veth pair joins; run as a program: `af_packet.ts serve`
 * or `listen` in the one without addresses, `af_packet.ts use` in the kernel's.
 *
 * @module
 */

import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import process from "node:process";
import { promisify } from "node:util";
import { assertEquals } from "../std_assert/mod.ts";
import { HEADROOM, Packet } from "../../core/packet.ts";
import { stack } from "../../core/stack.ts";
import { afPacket } from "../../drivers/af_packet.ts";
import { arp } from "../../protocols/arp.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { icmp } from "../../protocols/icmp.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { kernelFilter } from "../../protocols/kernel_filter.ts";
import { tcp } from "../../protocols/tcp.ts";
import { udp } from "../../protocols/udp.ts";

const OURS = "10.9.0.2";
const SIZE = 10_000_019;
const run = promisify(execFile);

function byteAt(at: number): number {
  return at * 31 + (at >> 8) * 7 & 255;
}

async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Echoes what TCP and UDP bring to port 7, and tells counters all the time. */
async function serve(): Promise<void> {
  const net = stack({
    driver: afPacket("veth0"),
    protocols: [ethernet(), arp(), ipv4({ address: `${OURS}/24` }), icmp(), udp(), tcp(), kernelFilter()],
  });
  const echo = net.udp.bind({ port: 7 }, (data, address, port) => void echo.send(data, address, port));
  setInterval(() => {
    const { driver, arp, tcp, udp } = net.counters();
    const wrong = tcp!.badChecksum! + udp!.badChecksum!;
    console.log(`counters ${JSON.stringify({ ...driver, replies: arp!.replies, wrong })}`);
  }, 100);
  console.log("ready");
  for await (const conn of net.tcp.listen({ port: 7 })) {
    void (async () => {
      const chunk = new Uint8Array(65_536);
      for (let size = await conn.read(chunk); size !== null; size = await conn.read(chunk)) {
        for (let done = 0; done < size;) done += await conn.write(chunk.subarray(done, size));
      }
      await conn.closeWrite();
    })();
  }
}

/** Tells the length and the first byte of each datagram; under the MAC address of the interface, and not promiscuous. */
async function listen(): Promise<void> {
  const [{ address: mac }] = JSON.parse((await run("ip", ["-j", "link", "show", "veth0"])).stdout);
  const net = stack({
    driver: afPacket("veth0", { promiscuous: false }),
    protocols: [ethernet({ mac }), arp(), ipv4({ address: `${OURS}/24` }), udp()],
  });
  net.udp.bind({ port: 7 }, (data) => console.log(`datagram ${data.length} ${data[0]}`));
  console.log("ready");
}

/** An ARP request for our address, with a VLAN tag. */
function question(tag: number): Packet {
  const packet = new Packet(HEADROOM + 64);
  const mac = [2, 0, 0, 0, 0, 9];
  packet.write(Uint8Array.from([
    ...[255, 255, 255, 255, 255, 255, ...mac, 0x81, 0, tag >> 8, tag & 255, 8, 6],
    ...[0, 1, 8, 0, 6, 4, 0, 1, ...mac, 10, 9, 0, 9, 0, 0, 0, 0, 0, 0, 10, 9, 0, 2],
  ]));
  return packet;
}

async function use(): Promise<void> {
  await run("ping", ["-c", "3", "-i", "0.1", "-W", "2", OURS]);
  await run("ping", ["-c", "2", "-i", "0.1", "-W", "2", "-s", "8000", OURS]);
  const received = await new Promise<number>((resolve, reject) => {
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
    socket.end(Uint8Array.from({ length: SIZE }, (_, at) => byteAt(at)));
  });
  assertEquals(received, SIZE);
  const udp = createSocket("udp4");
  for (const size of [1, 1472, 5000]) {
    const sent = Uint8Array.from({ length: size }, (_, at) => byteAt(at));
    const echo = new Promise<Uint8Array>((resolve) => udp.once("message", (data) => resolve(new Uint8Array(data))));
    udp.send(sent, 7, OURS);
    assertEquals(await Promise.race([echo, sleep(3000)]), sent, `${size} bytes`);
  }
  // What nobody reads: a closed port of everybody's, and a VLAN that is not ours.
  udp.setBroadcast(true);
  console.log("before");
  await sleep(1000);
  for (let i = 0; i < 300; i++) await new Promise<void>((resolve) => udp.send("x", 9, "10.9.0.255", () => resolve()));
  udp.close();
  const wire = afPacket("veth0");
  for (let i = 0; i < 200; i++) wire.transmit(question(0x2005));
  // A tag with a priority alone is of no VLAN (IEEE 802.1Q, 6.9).
  for (let i = 0; i < 5; i++) wire.transmit(question(0x2000));
  wire.close();
  console.log("done");
}

const parts: Record<string, () => Promise<void>> = { serve, listen, use };
await parts[process.argv[2]!]!();
