/**
 * IPv6 addresses: four int32s, compared without allocation.
 *
 * @module
 */

import { getI32, setI32 } from "./packet.ts";
import { tryParseIpv4 } from "./ipv4_address.ts";

/** An IPv6 address (RFC 4291); immutable. */
export class Ipv6Address {
  /** Bits 0 to 31, as an int32. */
  readonly a: number;
  /** Bits 32 to 63, as an int32. */
  readonly b: number;
  /** Bits 64 to 95, as an int32. */
  readonly c: number;
  /** Bits 96 to 127, as an int32. */
  readonly d: number;

  /**
   * Makes an address of its four words, first bits first.
   *
   * @param a Bits 0 to 31.
   * @param b Bits 32 to 63.
   * @param c Bits 64 to 95.
   * @param d Bits 96 to 127.
   */
  constructor(a: number, b: number, c: number, d: number) {
    this.a = a | 0;
    this.b = b | 0;
    this.c = c | 0;
    this.d = d | 0;
  }

  /**
   * Compares with another address.
   *
   * @param other The other address.
   * @returns Whether they are the same.
   */
  equals(other: Ipv6Address): boolean {
    return this.d === other.d && this.c === other.c && this.b === other.b && this.a === other.a;
  }

  /**
   * Compares with an address in network byte order.
   *
   * @param bytes Where it lies.
   * @param at Its first byte.
   * @returns Whether they are the same.
   */
  at(bytes: Uint8Array, at: number): boolean {
    return this.d === getI32(bytes, at + 12) && this.c === getI32(bytes, at + 8) &&
      this.b === getI32(bytes, at + 4) && this.a === getI32(bytes, at);
  }

  /**
   * Writes the address in network byte order.
   *
   * @param bytes Where to.
   * @param at Its first byte.
   */
  write(bytes: Uint8Array, at: number): void {
    setI32(bytes, at, this.a);
    setI32(bytes, at + 4, this.b);
    setI32(bytes, at + 8, this.c);
    setI32(bytes, at + 12, this.d);
  }

  /**
   * Writes the address in its canonical form (RFC 5952).
   *
   * @returns The text, such as `"fe80::1"`.
   */
  toString(): string {
    return formatIpv6(this);
  }
}

/** The unspecified address, `::`. */
export const IPV6_ANY: Ipv6Address = /* @__PURE__ */ new Ipv6Address(0, 0, 0, 0);
/** The loopback address, `::1`. */
export const IPV6_LOOPBACK: Ipv6Address = /* @__PURE__ */ new Ipv6Address(0, 0, 0, 1);
/** The group of all nodes on the link, `ff02::1`. */
export const IPV6_ALL_NODES: Ipv6Address = /* @__PURE__ */ new Ipv6Address(0xff020000, 0, 0, 1);

/** An IPv6 address and the prefix of its network. */
export interface Ipv6Cidr {
  /** The address. */
  readonly address: Ipv6Address;
  /** Bits of the network's prefix, 0 to 128. */
  readonly prefix: number;
}

/**
 * Reads an address in network byte order.
 *
 * @param bytes Where it lies.
 * @param at Its first byte.
 * @returns The address.
 */
export function readIpv6(bytes: Uint8Array, at: number): Ipv6Address {
  return new Ipv6Address(getI32(bytes, at), getI32(bytes, at + 4), getI32(bytes, at + 8), getI32(bytes, at + 12));
}

/**
 * Reads an IPv6 address in any form of RFC 4291, section 2.2, or says that the text is none.
 *
 * @param text The text.
 * @returns The address; null when the text is none. Zones (`%eth0`) are not part of an address.
 */
export function tryParseIpv6(text: string): Ipv6Address | null {
  const hex = text.replace(/:(\d+(?:\.\d+){3})$/, (_, dotted: string) => {
    const ipv4 = tryParseIpv4(dotted);
    return ipv4 === null ? "?" : `:${(ipv4 >>> 16).toString(16)}:${(ipv4 & 0xffff).toString(16)}`;
  });
  const [head, tail, more] = hex.split("::");
  const groups = head ? head.split(":") : [];
  const last = tail ? tail.split(":") : [];
  const gap = 8 - groups.length - last.length;
  if (more !== undefined || (tail === undefined ? gap !== 0 : gap < 1)) return null;
  groups.push(...new Array<string>(gap).fill("0"), ...last);
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return null;
  const word = (i: number): number => parseInt(groups[i]!, 16) << 16 | parseInt(groups[i + 1]!, 16);
  return new Ipv6Address(word(0), word(2), word(4), word(6));
}

/**
 * Reads an IPv6 address in any form of RFC 4291, section 2.2.
 *
 * @param text The address, such as `"fe80::1"`.
 * @returns The address.
 * @throws {SyntaxError} When the text is no IPv6 address.
 */
export function parseIpv6(text: string): Ipv6Address {
  const address = tryParseIpv6(text);
  if (!address) throw new SyntaxError(`Cannot parse "${text}" as an IPv6 address such as "fd00::1"`);
  return address;
}

/**
 * Writes an IPv6 address in its canonical form (RFC 5952).
 *
 * @param address The address.
 * @returns The text, such as `"fe80::1"`; IPv4-mapped addresses keep their dotted end.
 */
export function formatIpv6(address: Ipv6Address): string {
  const { a, b, c, d } = address;
  if (a === 0 && b === 0 && c === 0xffff) {
    return `::ffff:${d >>> 24}.${d >>> 16 & 255}.${d >>> 8 & 255}.${d & 255}`;
  }
  const groups = [a, b, c, d].flatMap((word) => [word >>> 16, word & 0xffff]);
  let from = -1;
  let most = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (groups[end] === 0) end++;
    if (end - i > most) {
      from = i;
      most = end - i;
    }
    i = end;
  }
  const hex = (list: number[]): string => list.map((group) => group.toString(16)).join(":");
  return from < 0 ? hex(groups) : `${hex(groups.slice(0, from))}::${hex(groups.slice(from + most))}`;
}

/**
 * Reads an IPv6 address and its prefix.
 *
 * @param text The address, such as `"fd00::1/64"`.
 * @returns The address and its prefix.
 * @throws {SyntaxError} When the text is none.
 */
export function parseIpv6Cidr(text: string): Ipv6Cidr {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = match && tryParseIpv6(match[1]!);
  const prefix = Number(match?.[2]);
  if (!match || !address || prefix > 128) {
    throw new SyntaxError(`Cannot parse "${text}" as an IPv6 address with its prefix such as "fd00::1/64"`);
  }
  return { address, prefix };
}

/**
 * Orders two addresses by their bits, unsigned.
 *
 * @param a One address.
 * @param b The other.
 * @returns Below 0, 0, or above 0.
 */
export function compareIpv6(a: Ipv6Address, b: Ipv6Address): number {
  return (a.a >>> 0) - (b.a >>> 0) || (a.b >>> 0) - (b.b >>> 0) || (a.c >>> 0) - (b.c >>> 0) ||
    (a.d >>> 0) - (b.d >>> 0);
}

/**
 * Tells a link-local address, `fe80::/10`.
 *
 * @param address The address.
 * @returns Whether it is known on one link only.
 */
export function isIpv6LinkLocal(address: Ipv6Address): boolean {
  return address.a >>> 22 === 0xfe80 >>> 6;
}

/**
 * Tells a multicast address, `ff00::/8`.
 *
 * @param address The address.
 * @returns Whether it names a group.
 */
export function isIpv6Multicast(address: Ipv6Address): boolean {
  return address.a >>> 24 === 255;
}

/**
 * Counts the first bits that two addresses share.
 *
 * @param a One address.
 * @param b The other.
 * @returns Bits, 0 to 128.
 */
export function commonPrefix(a: Ipv6Address, b: Ipv6Address): number {
  if (a.a !== b.a) return Math.clz32(a.a ^ b.a);
  if (a.b !== b.b) return 32 + Math.clz32(a.b ^ b.b);
  if (a.c !== b.c) return 64 + Math.clz32(a.c ^ b.c);
  return 96 + Math.clz32(a.d ^ b.d);
}

/**
 * Finds the group in which a neighbour is asked for its link-layer address (RFC 4291, 2.7.1).
 *
 * @param address The neighbour's address.
 * @returns Its solicited-node group, `ff02::1:ff00:0/104`.
 */
export function solicitedNode(address: Ipv6Address): Ipv6Address {
  return new Ipv6Address(0xff020000, 0, 1, 0xff000000 | address.d);
}
