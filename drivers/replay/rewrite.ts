/**
 * Gives recorded packets other addresses, and fixes the checksums that cover them. A checksum that was wrong stays wrong.
 *
 * @module
 */

import { updateChecksum } from "../../core/checksum.ts";
import type { Medium } from "../../core/driver.ts";
import { formatIpv4, tryParseIpv4 } from "../../core/ipv4_address.ts";
import { formatIpv6, tryParseIpv6 } from "../../core/ipv6_address.ts";
import { formatMac, parseMac } from "../../core/mac_address.ts";
import { setI32 } from "../../core/packet.ts";
import { isIcmpError } from "./exchange.ts";
import { ETHERNET, Headers } from "./headers.ts";

const ARP = 0x0806;
const ICMPV6 = 58;

/** An address as bytes, and a key that tells it from all others. */
interface Address {
  readonly kind: "IPv4" | "IPv6" | "MAC";
  readonly text: string;
  readonly bytes: Uint8Array;
}

/**
 * Reads an address of any kind.
 *
 * @param text The address.
 * @returns Its kind, its canonical spelling and its bytes.
 * @throws {SyntaxError} When it is none.
 */
export function readAddress(text: string): Address {
  const ipv4 = tryParseIpv4(text);
  if (ipv4 !== null) {
    const bytes = new Uint8Array(4);
    setI32(bytes, 0, ipv4);
    return { kind: "IPv4", text: formatIpv4(ipv4), bytes };
  }
  const ipv6 = tryParseIpv6(text);
  if (ipv6 !== null) {
    const bytes = new Uint8Array(16);
    [ipv6.a, ipv6.b, ipv6.c, ipv6.d].forEach((word, i) => setI32(bytes, 4 * i, word));
    return { kind: "IPv6", text: formatIpv6(ipv6), bytes };
  }
  try {
    const mac = formatMac(parseMac(text));
    return { kind: "MAC", text: mac, bytes: Uint8Array.from(mac.split(":"), (part) => parseInt(part, 16)) };
  } catch {
    throw new SyntaxError(`replay(): cannot parse "${text}" as an IPv4, IPv6 or MAC address`);
  }
}

/** Puts addresses in the place of others. */
export class Rewriter {
  readonly #map: Map<string, Uint8Array> = new Map();
  readonly #headers: Headers = new Headers();

  /**
   * Makes one.
   *
   * @param addresses What stands in the place of what.
   * @throws {SyntaxError} When one is no address.
   * @throws {TypeError} When two do not belong to the same family.
   */
  constructor(addresses: Readonly<Record<string, string>>) {
    for (const [from, to] of Object.entries(addresses)) {
      const [before, after] = [readAddress(from), readAddress(to)];
      if (before.kind !== after.kind) {
        throw new TypeError(
          `replay(): cannot rewrite ${from} to ${to}: one is ${before.kind}, the other ${after.kind}`,
        );
      }
      this.#map.set(key(before.bytes, 0, before.bytes.length), after.bytes);
    }
  }

  /**
   * Rewrites a packet.
   *
   * @param packet The packet; it stays as it is.
   * @param medium What it begins with.
   * @returns A copy with the other addresses, or the packet itself when nothing is to be changed.
   */
  rewrite(packet: Uint8Array, medium: Medium): Uint8Array {
    if (this.#map.size === 0) return packet;
    const bytes = packet.slice();
    const headers = this.#headers.read(bytes, 0, bytes.length, medium);
    if (medium === "ethernet" && bytes.length >= ETHERNET) {
      this.#replace(bytes, 0, 6);
      this.#replace(bytes, 6, 6);
      if (headers.type === ARP && bytes.length >= ETHERNET + 28) {
        for (const [at, size] of [[8, 6], [14, 4], [18, 6], [24, 4]] as const) {
          this.#replace(bytes, ETHERNET + at, size);
        }
      }
    }
    if (headers.network >= 0) this.#rewriteIp(headers);
    return bytes;
  }

  #rewriteIp(headers: Headers): void {
    const { bytes, network, version, protocol, end } = headers;
    const size = version === 6 ? 40 : (bytes[network]! & 15) << 2;
    // Of a fragment, only the first holds the checksum of what it is a part of.
    const later = version === 4 && ((bytes[network + 6]! << 8 | bytes[network + 7]!) & 0x1fff) !== 0;
    const body = network + size;
    const offset = protocol === 6 ? 16 : protocol === 17 ? 6 : protocol === ICMPV6 ? 2 : -1;
    const sum = later || offset < 0 || body + offset + 2 > end ? -1 : body + offset;
    // A datagram without a checksum stays without.
    const none = protocol === 17 && sum >= 0 && bytes[sum] === 0 && bytes[sum + 1] === 0;
    this.#addresses(bytes, network, version, none ? -1 : sum);
    const message = version === 6 ? protocol === ICMPV6 : protocol === 1;
    if (!message || later || body + 8 > end) return;
    const field = body + 2;
    const type = bytes[body]!;
    if (isIcmpError(type) && body + 8 + (version === 6 ? 40 : 20) <= end) {
      this.#addresses(bytes, body + 8, version, -1, field);
    } else if ((type === 135 || type === 136) && version === 6 && body + 24 <= end) {
      this.#replace(bytes, body + 8, 16, [field]);
      if (body + 32 <= end) this.#replace(bytes, body + 26, 6, [field]);
    } else if (type === 133 && version === 6 && body + 16 <= end) this.#replace(bytes, body + 10, 6, [field]);
  }

  /** Rewrites the addresses of an IP header; `sum` is the checksum of what it carries, `outer` that of what carries it. */
  #addresses(bytes: Uint8Array, network: number, version: number, sum: number, outer: number = -1): void {
    const [first, size] = version === 6 ? [network + 8, 16] : [network + 12, 4];
    const own = version === 6 ? -1 : network + 10;
    const before = own < 0 ? 0 : bytes[own]! << 8 | bytes[own + 1]!;
    for (const at of [first, first + size]) this.#replace(bytes, at, size, [own, sum, outer]);
    if (own >= 0 && outer >= 0) adjust(bytes, outer, before, bytes[own]! << 8 | bytes[own + 1]!);
  }

  /** Puts another address in a place, and changes the checksums at `sums` with it. */
  #replace(bytes: Uint8Array, at: number, size: number, sums: readonly number[] = []): void {
    const after = this.#map.get(key(bytes, at, size));
    if (!after) return;
    for (let i = 0; i < size; i += 2) {
      const [from, to] = [bytes[at + i]! << 8 | bytes[at + i + 1]!, after[i]! << 8 | after[i + 1]!];
      for (const sum of sums) if (sum >= 0) adjust(bytes, sum, from, to);
    }
    bytes.set(after, at);
  }
}

function adjust(bytes: Uint8Array, field: number, before: number, after: number): void {
  const checksum = updateChecksum(bytes[field]! << 8 | bytes[field + 1]!, before, after);
  bytes[field] = checksum >> 8;
  bytes[field + 1] = checksum;
}

function key(bytes: Uint8Array, at: number, size: number): string {
  let text = "";
  for (let i = 0; i < size; i++) text += String.fromCharCode(bytes[at + i]!);
  return text;
}
