/**
 * ARP messages for IPv4 over Ethernet (RFC 826).
 *
 * ```text
 *    0       2       4   5   6       8              14          18             24          28
 *    | hard- | proto-| hln pln| opera-| sender       | sender    | target       | target    |
 *    | ware  | col   |  6   4 | tion  | MAC          | IPv4      | MAC          | IPv4      |
 * ```
 *
 * @module
 */

import { type Ipv4Address, isIpv4Loopback, isIpv4Multicast } from "../../core/ipv4_address.ts";
import { type Packet, setI32 } from "../../core/packet.ts";

/** Bytes of a message. */
export const ARP_LENGTH = 28;
/** The operation that asks who has an address. */
export const ARP_REQUEST = 1;
/** The operation that answers. */
export const ARP_REPLY = 2;

/**
 * Writes a message as the payload of an empty packet.
 *
 * @param packet The packet.
 * @param operation {@linkcode ARP_REQUEST} or {@linkcode ARP_REPLY}.
 * @param senderMac The sender's MAC address: six bytes.
 * @param sender The sender's address; 0 in a probe (RFC 5227, 2.1.1).
 * @param targetMac Where the target's MAC address lies; zeros when null.
 * @param targetAt Its first byte.
 * @param target The target's address.
 */
export function writeArp(
  packet: Packet,
  operation: number,
  senderMac: Uint8Array,
  sender: number,
  targetMac: Uint8Array | null,
  targetAt: number,
  target: number,
): void {
  const { bytes, start: at } = packet;
  packet.end = at + ARP_LENGTH;
  setI32(bytes, at, 0x00010800);
  setI32(bytes, at + 4, 0x06040000 | operation);
  for (let i = 0; i < 6; i++) {
    bytes[at + 8 + i] = senderMac[i]!;
    bytes[at + 18 + i] = targetMac ? targetMac[targetAt + i]! : 0;
  }
  setI32(bytes, at + 14, sender);
  setI32(bytes, at + 24, target);
}

/**
 * Tells whether a received message makes sense.
 *
 * @param packet The message; padding may follow it.
 * @returns Whether its types and lengths are those of IPv4 over Ethernet, it asks or answers, and its sender is one host.
 */
export function isSaneArp(packet: Packet): boolean {
  if (packet.length < ARP_LENGTH || packet.i32(0) !== 0x00010800 || packet.u16(4) !== 0x0604) return false;
  const operation = packet.u16(6);
  const sender = packet.i32(14) as Ipv4Address;
  return (operation === ARP_REQUEST || operation === ARP_REPLY) && (packet.u8(8) & 1) === 0 &&
    !isIpv4Multicast(sender) && !isIpv4Loopback(sender) && sender !== -1;
}
