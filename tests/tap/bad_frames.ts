/**
 * Sends a frame over tap0: one in good order, or a bad one; run as a program inside a namespace, with what it sends.
 *
 * @module
 */

import process from "node:process";
import { Packet } from "../../core/packet.ts";
import { tap } from "../../drivers/tap.ts";

/** An Ethernet and an IPv4 header (10.9.0.2 to 10.9.0.1), a UDP header to the port of DNS, and a query for the root. */
const GOOD = [
  ...[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0],
  ...[0x45, 0, 0, 45, 0, 1, 0, 0, 64, 17, 0x66, 0xab, 10, 9, 0, 2, 10, 9, 0, 1],
  ...[0xc0, 1, 0, 53, 0, 25, 0x28, 0x6f],
  ...[0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1],
];

/** Which byte is changed, and to what. */
const FRAMES: Record<string, (readonly [at: number, byte: number])[]> = {
  good: [],
  "bad ip": [[25, 1]],
  "bad udp": [[41, 1]],
  // Says that two questions follow, and makes the checksum fit.
  malformed: [[47, 2], [41, 0x6e]],
};

const driver = tap("tap0", { host: "10.9.0.1/24" });
const packet = new Packet(2048);
const bytes = Uint8Array.from(GOOD);
for (const [at, byte] of FRAMES[process.argv[2] ?? ""]!) bytes[at] = byte;
packet.reset();
packet.write(bytes);
driver.transmit(packet);
driver.flush();
await driver.wait(200);
driver.close();
