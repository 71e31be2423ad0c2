/**
 * DHCP messages (RFC 2131, 2) and their options (RFC 2132, RFC 3396).
 *
 * ```text
 *    0  1     2    3    4    8    10    12     16     20     24     28     44    108   236     240
 *    |op|htype|hlen|hops|xid |secs|flags|ciaddr|yiaddr|siaddr|giaddr|chaddr|sname|file |cookie |options …
 * ```
 *
 * @module
 */

import { getI32, setI32 } from "../../core/packet.ts";

/** The port that servers listen at. */
export const DHCP_SERVER_PORT = 67;
/** The port that clients listen at. */
export const DHCP_CLIENT_PORT = 68;
/** The op of what clients send. */
export const BOOTREQUEST = 1;
/** The op of what servers send. */
export const BOOTREPLY = 2;
/** Flag: the reply must be sent to everybody, for the client does not know its address yet. */
export const BROADCAST_FLAG = 0x8000;

/** Message type: a client looks for servers. */
export const DISCOVER = 1;
/** Message type: a server offers an address. */
export const OFFER = 2;
/** Message type: a client asks for an address, or to keep it. */
export const REQUEST = 3;
/** Message type: a client has found the address in use. */
export const DECLINE = 4;
/** Message type: the address is the client's. */
export const ACK = 5;
/** Message type: the address is not the client's, or no more. */
export const NAK = 6;
/** Message type: a client gives its address up. */
export const RELEASE = 7;
/** Message type: a client that has an address asks for the rest. */
export const INFORM = 8;

/** Option: the network's mask. */
export const OPTION_MASK = 1;
/** Option: routers. */
export const OPTION_ROUTER = 3;
/** Option: DNS servers. */
export const OPTION_DNS = 6;
/** Option: the client's name. */
export const OPTION_HOSTNAME = 12;
/** Option: the domain in which names are looked for. */
export const OPTION_DOMAIN = 15;
/** Option: the MTU of the link. */
export const OPTION_MTU = 26;
/** Option: the address that a client wants. */
export const OPTION_REQUESTED = 50;
/** Option: seconds for which the address is the client's. */
export const OPTION_LEASE = 51;
/** Option: where further options stand, in the fields of names. */
const OPTION_OVERLOAD = 52;
/** Option: the message type. */
export const OPTION_TYPE = 53;
/** Option: which server. */
export const OPTION_SERVER = 54;
/** Option: which options the client wants. */
export const OPTION_PARAMETERS = 55;
/** Option: words for humans. */
export const OPTION_MESSAGE = 56;
/** Option: bytes of the largest message. */
export const OPTION_SIZE = 57;
/** Option: seconds until the client renews, T1. */
export const OPTION_T1 = 58;
/** Option: seconds until the client asks any server, T2. */
export const OPTION_T2 = 59;
/** Option: which client. */
export const OPTION_CLIENT = 61;
/** Option: the domains in which names are looked for (RFC 3397). */
export const OPTION_SEARCH = 119;
/** Option: routes (RFC 3442). */
export const OPTION_ROUTES = 121;

/** Where the options begin, after the cookie. */
const OPTIONS = 240;
/** What stands before them: 99.130.83.99. */
const COOKIE = 0x63825363;
/** Bytes of the shortest message that every relay takes (RFC 1542, 2.1). */
const SHORTEST = 300;

/** The options of a message, by their code. */
export type DhcpOptionMap = Map<number, Uint8Array<ArrayBuffer>>;

/** A message. */
export interface DhcpMessage {
  /** {@linkcode BOOTREQUEST} or {@linkcode BOOTREPLY}. */
  op: number;
  /** Which messages belong together. */
  xid: number;
  /** Seconds since the client began. */
  secs: number;
  /** The flags. */
  flags: number;
  /** The client's address, where it may be reached there. */
  ciaddr: number;
  /** The address that is offered or given. */
  yiaddr: number;
  /** The next server. */
  siaddr: number;
  /** The relay through which the message came. */
  giaddr: number;
  /** The client's MAC address. */
  chaddr: Uint8Array<ArrayBuffer>;
  /** The options. */
  options: DhcpOptionMap;
}

/**
 * Reads a message.
 *
 * @param bytes The message.
 * @returns It, copied; null when it is none of a host on Ethernet, or has no type.
 */
export function readDhcp(bytes: Uint8Array): DhcpMessage | null {
  if (bytes.length < OPTIONS || bytes[1] !== 1 || bytes[2] !== 6 || getI32(bytes, 236) !== COOKIE) return null;
  const options: DhcpOptionMap = new Map();
  const read = (at: number, end: number): void => {
    while (at < end) {
      const code = bytes[at++]!;
      if (code === 0) continue;
      const length = bytes[at++]!;
      if (code === 255 || !(at + length <= end)) return;
      // One that stands twice is in two parts (RFC 3396, 7).
      options.set(code, Uint8Array.of(...options.get(code) ?? [], ...bytes.subarray(at, at += length)));
    }
  };
  read(OPTIONS, bytes.length);
  const overload = options.get(OPTION_OVERLOAD)?.[0] ?? 0;
  if (overload & 1) read(108, 236);
  if (overload & 2) read(44, 108);
  if (options.get(OPTION_TYPE)?.length !== 1) return null;
  return {
    op: bytes[0]!,
    xid: getI32(bytes, 4),
    secs: bytes[8]! << 8 | bytes[9]!,
    flags: bytes[10]! << 8 | bytes[11]!,
    ciaddr: getI32(bytes, 12),
    yiaddr: getI32(bytes, 16),
    siaddr: getI32(bytes, 20),
    giaddr: getI32(bytes, 24),
    chaddr: Uint8Array.from(bytes.subarray(28, 34)),
    options,
  };
}

/**
 * Writes a message.
 *
 * @param message The message.
 * @returns Its bytes.
 */
export function writeDhcp(message: DhcpMessage): Uint8Array<ArrayBuffer> {
  const options: number[] = [];
  for (const [code, value] of message.options) {
    let at = 0;
    do {
      const part = value.subarray(at, at += 255);
      options.push(code, part.length, ...part);
    } while (at < value.length);
  }
  const bytes = new Uint8Array(Math.max(SHORTEST, OPTIONS + options.length + 1));
  bytes.set([message.op, 1, 6]);
  setI32(bytes, 4, message.xid);
  setI32(bytes, 8, message.secs << 16 | message.flags);
  setI32(bytes, 12, message.ciaddr);
  setI32(bytes, 16, message.yiaddr);
  setI32(bytes, 20, message.siaddr);
  setI32(bytes, 24, message.giaddr);
  bytes.set(message.chaddr, 28);
  setI32(bytes, 236, COOKIE);
  bytes.set([...options, 255], OPTIONS);
  return bytes;
}

/**
 * Writes integers of 32 bits, such as addresses, as an option.
 *
 * @param values The integers.
 * @returns The option's bytes.
 */
export function words(...values: number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 * values.length);
  for (const [i, value] of values.entries()) setI32(bytes, 4 * i, value);
  return bytes;
}

/**
 * Reads the integers of 32 bits of an option, such as addresses.
 *
 * @param options The options.
 * @param code Which one.
 * @returns The integers; none when it is not there.
 */
export function wordsOf(options: DhcpOptionMap, code: number): number[] {
  const bytes = options.get(code) ?? [];
  const list: number[] = [];
  for (let at = 0; at + 4 <= bytes.length; at += 4) list.push(getI32(bytes as Uint8Array, at));
  return list;
}
