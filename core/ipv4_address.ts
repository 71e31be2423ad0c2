/**
 * IPv4 addresses: an int32, which JavaScript engines keep unboxed.
 *
 * @module
 */

/** An IPv4 address as an int32, first octet highest: `10.0.0.1` is `0x0a000001`. */
export type Ipv4Address = number & { readonly __brand: "Ipv4Address" };

/** An IPv4 address and the prefix of its network. */
export interface Ipv4Cidr {
  /** The address. */
  readonly address: Ipv4Address;
  /** Bits of the network's prefix, 0 to 32. */
  readonly prefix: number;
  /** Ones over the network's bits, as an int32. */
  readonly mask: number;
}

/** The unspecified address, `0.0.0.0`. */
export const IPV4_ANY = 0 as Ipv4Address;
/** The limited broadcast address, `255.255.255.255`. */
export const IPV4_BROADCAST = -1 as Ipv4Address;

/**
 * Reads an IPv4 address in dotted form, or says that the text is none.
 *
 * @param text The text.
 * @returns The address; null unless it is four decimal octets without leading zeros, which some readers take for octal.
 */
export function tryParseIpv4(text: string): Ipv4Address | null {
  let value = 0;
  for (const octet of text.split(".", 5)) value = value << 8 | Number(octet);
  // Of all texts that give this value one is its own.
  const address = value as Ipv4Address;
  return formatIpv4(address) === text ? address : null;
}

/**
 * Reads an IPv4 address in dotted form.
 *
 * @param text The address, such as `"10.0.0.1"`.
 * @returns The address.
 * @throws {SyntaxError} When the text is no IPv4 address.
 */
export function parseIpv4(text: string): Ipv4Address {
  const address = tryParseIpv4(text);
  if (address === null) throw new SyntaxError(`Cannot parse "${text}" as an IPv4 address such as "10.0.0.1"`);
  return address;
}

/**
 * Writes an IPv4 address in dotted form.
 *
 * @param address The address.
 * @returns The text.
 */
export function formatIpv4(address: Ipv4Address): string {
  return `${address >>> 24}.${address >>> 16 & 255}.${address >>> 8 & 255}.${address & 255}`;
}

/**
 * Reads an IPv4 address and its prefix (RFC 4632).
 *
 * @param text The address, such as `"10.0.0.1/24"`.
 * @returns The address, its prefix and mask.
 * @throws {SyntaxError} When the text is none.
 */
export function parseIpv4Cidr(text: string): Ipv4Cidr {
  const match = /^([\d.]+)\/(0|[1-9]\d?)$/.exec(text);
  const address = match && tryParseIpv4(match[1]!);
  const prefix = Number(match?.[2]);
  if (!match || address === null || prefix > 32) {
    throw new SyntaxError(`Cannot parse "${text}" as an IPv4 address with its prefix such as "10.0.0.1/24"`);
  }
  return { address, prefix, mask: prefixMask(prefix) };
}

/**
 * Makes the mask of a prefix.
 *
 * @param prefix Bits, 0 to 32.
 * @returns Ones over as many bits, as an int32.
 */
export function prefixMask(prefix: number): number {
  return prefix === 0 ? 0 : -1 << (32 - prefix);
}

/**
 * Orders two addresses as their text forms would be read: by octets, unsigned.
 *
 * @param a One address.
 * @param b The other.
 * @returns Below 0, 0, or above 0.
 */
export function compareIpv4(a: Ipv4Address, b: Ipv4Address): number {
  return (a >>> 0) - (b >>> 0);
}

/**
 * Tells a multicast address, `224.0.0.0/4` (RFC 5771).
 *
 * @param address The address.
 * @returns Whether it names a group.
 */
export function isIpv4Multicast(address: Ipv4Address): boolean {
  return address >>> 28 === 14;
}

/**
 * Tells a loopback address, `127.0.0.0/8`.
 *
 * @param address The address.
 * @returns Whether it must not appear on a wire (RFC 1122, 3.2.1.3).
 */
export function isIpv4Loopback(address: Ipv4Address): boolean {
  return address >>> 24 === 127;
}
