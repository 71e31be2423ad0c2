/**
 * Sends a million readings, with a line before and a line after: what the garbage collector says stands between.
 *
 * @module
 */

import { writeSync } from "node:fs";
import { type Driver, NO_OFFLOAD } from "../../core/driver.ts";
import { stack } from "../../core/stack.ts";
import { staticArp } from "../../protocols/static_arp.ts";
import { setPayloadU16, udpTemplate } from "../../protocols/udp_template.ts";

let octets = 0;
const driver: Driver<"ethernet"> = {
  name: "sink",
  medium: "ethernet",
  mtu: 1500,
  offload: NO_OFFLOAD,
  receive: () => false,
  transmit(packet) {
    octets += packet.length;
    return true;
  },
  room: () => Infinity,
  flush() {},
  wait: () => new Promise(() => {}),
  wake() {},
  close() {},
};

const net = stack({
  driver,
  clock: { now: () => 0 },
  protocols: [
    staticArp({ mac: "02:00:00:00:00:02", neighbour: "02:00:00:00:00:01" }),
    udpTemplate({ source: "10.0.0.2", destination: "10.0.0.1", destinationPort: 5683 }),
  ],
});
const { datagram } = net;
const readings = [new Uint8Array(4), new Uint8Array(5), new Uint8Array(40)];

/** Sends as many readings, and lets the stack turn as often. */
function send(count: number): void {
  for (let i = 0; i < count; i++) {
    const reading = readings[i % 3]!;
    reading[0] = i;
    reading[1] = i >> 8;
    datagram.send(reading);
    setPayloadU16(datagram, 2, i & 0xffff);
    datagram.send();
    net.poll();
  }
}

// Long enough for the optimizing compiler to be done.
for (let i = 0; i < 50; i++) {
  send(10_000);
  await new Promise((resolve) => setTimeout(resolve, 1));
}
writeSync(1, "begin\n");
send(500_000);
writeSync(1, "end\n");
if (octets === 0) throw new Error("nothing was sent");
