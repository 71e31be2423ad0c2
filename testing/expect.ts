/**
 * Checks a packet by predicates over its fields.
 *
 * @module
 */

import type { Medium } from "../core/driver.ts";
import { describePacket } from "../plugins/trace.ts";
import { type FieldValue, packetFields } from "./dissect/packet_fields.ts";

/** What a field of text should be: a text, one that matches, or whatever a function says yes to. */
export type ExpectedText = string | RegExp | ((value: string) => boolean);

/** What a field that is a number should be: a number, or whatever a function says yes to. */
export type ExpectedNumber = number | ((value: number) => boolean);

/** Looks at the fields of a packet; gives a sentence for each that is wrong. */
export type Check = (fields: ReadonlyMap<string, FieldValue>) => string[];

/** A packet: bytes, or what has some, such as those of `driver.sent` and `recent().packets()`. */
export type PacketLike = Uint8Array | { readonly bytes: Uint8Array };

function bytesOf(packet: PacketLike): Uint8Array {
  return packet instanceof Uint8Array ? packet : packet.bytes;
}

/** A packet that begins with an IP header, and one that does not, are told apart by their first octets. */
function mediumOf(bytes: Uint8Array): Medium {
  const type = bytes.length < 14 ? 0 : bytes[12]! << 8 | bytes[13]!;
  if ([0x0800, 0x0806, 0x86dd, 0x8100, 0x88a8].includes(type)) {
    const version = bytes[0]! >> 4;
    const length = bytes[2]! << 8 | bytes[3]!;
    const total = version === 4 ? length : version === 6 ? 40 + (bytes[4]! << 8 | bytes[5]!) : -1;
    if (total !== bytes.length) return "ethernet";
  }
  const version = (bytes[0] ?? 0) >> 4;
  return version === 4 || version === 6 ? "ip" : "ethernet";
}

/**
 * Expects a packet to be as the checks say.
 *
 * ```ts
 * import { expectPacket, ip, tcp } from "@bonsai/net/testing";
 *
 * const sent = new Uint8Array([69, 0, 0, 40, 0, 0, 64, 0, 64, 6, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1,
 *   0, 80, 4, 0, 0, 0, 0, 1, 0, 0, 0, 2, 80, 18, 255, 255, 0, 0, 0, 0]);
 * expectPacket(sent, ip({ src: "10.0.0.2", ttl: 64 }), tcp({ flags: "SA", dstport: (port) => port >= 1024 }));
 * ```
 *
 * @param packet The packet, from its Ethernet or IP header on; undefined fails.
 * @param checks What it should be, such as `tcp({ flags: "SA" })`.
 * @throws {Error} When a check fails: with every wrong field, and the packet in one line.
 */
export function expectPacket(packet: PacketLike | undefined, ...checks: readonly Check[]): void {
  const faults = faultsOf(packet, checks);
  if (faults.length > 0) throw new Error(faults.join("\n"));
}

function faultsOf(packet: PacketLike | undefined, checks: readonly Check[]): string[] {
  if (packet === undefined) return ["There is no packet"];
  const bytes = bytesOf(packet);
  const medium = mediumOf(bytes);
  const fields = packetFields(bytes, medium);
  const faults = checks.flatMap((check) => check(fields));
  return faults.length === 0 ? [] : [`The packet is not as expected: ${describePacket(bytes, medium)}`, ...faults];
}

/**
 * Expects packets, in order, and no others.
 *
 * @param packets The packets.
 * @param expected The checks of each.
 * @throws {Error} When there are more or fewer, or a check fails.
 */
export function expectPackets(packets: readonly PacketLike[], ...expected: readonly (readonly Check[])[]): void {
  const faults: string[] = [];
  for (let i = 0; i < Math.min(packets.length, expected.length) && faults.length === 0; i++) {
    const wrong = faultsOf(packets[i], expected[i]!);
    if (wrong.length > 0) faults.push(`Packet ${i + 1} of ${packets.length}:`, ...wrong);
  }
  if (faults.length === 0 && packets.length !== expected.length) {
    faults.push(`There are ${packets.length} packets, and ${expected.length} are expected:`);
    for (const packet of packets) faults.push(`  ${describePacket(bytesOf(packet), mediumOf(bytesOf(packet)))}`);
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
}
