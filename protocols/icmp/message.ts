/**
 * ICMP messages (RFC 792), and what errors mean to a transport (RFC 1122, 3.2.2 and 4.2.3.9).
 *
 * @module
 */

import type { IpFault } from "../../core/ip.ts";
import type { NetErrorCode } from "../../core/net_error.ts";

/** Bytes of the header. */
export const ICMP_HEADER = 8;
/** Type: Echo Reply. */
export const ECHO_REPLY = 0;
/** Type: Destination Unreachable. */
export const UNREACHABLE = 3;
/** Type: Redirect. */
export const REDIRECT = 5;
/** Type: Echo. */
export const ECHO = 8;
/** Type: Time Exceeded. */
export const TIME_EXCEEDED = 11;
/** Type: Parameter Problem. */
export const PARAMETER_PROBLEM = 12;
/** Type: Timestamp. */
export const TIMESTAMP = 13;
/** Type: Timestamp Reply. */
export const TIMESTAMP_REPLY = 14;

/** Code of Destination Unreachable: fragmentation needed and DF set. */
const TOO_BIG = 4;
/** Queries and their answers, by bit: an error may quote nothing else of ICMP. 0, 8 to 10 and 13 to 18. */
const QUERIES = 1 << 0 | 7 << 8 | 63 << 13;
/** Codes of Destination Unreachable about a network: 0, 6, 9 and 11. */
const OF_NETWORK = 1 << 0 | 1 << 6 | 1 << 9 | 1 << 11;
/** Codes of Destination Unreachable that leave hope: 0, 1, 4, 5, 11 and 12. */
const SOFT = 3 << 0 | 3 << 4 | 3 << 11;
/** MTUs of common links, for routers that do not tell theirs (RFC 1191, 7.1). */
const PLATEAUS = [32_000, 17_914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68];

/**
 * Tells whether an error may be sent about an ICMP message (RFC 1122, 3.2.2).
 *
 * @param type The message's type.
 * @returns Whether it is a query or the answer to one.
 */
export function isQuery(type: number): boolean {
  return type < 32 && (QUERIES >>> type & 1) === 1;
}

/**
 * Reads an error.
 *
 * @param type The message's type.
 * @param code Its code.
 * @param mtu The MTU it tells, or 0.
 * @param length Bytes of the packet that it quotes.
 * @returns What it means; null where it is no error that a transport may act on.
 */
export function readFault(type: number, code: number, mtu: number, length: number): IpFault | null {
  if (type === TIME_EXCEEDED) return fault("EHOSTUNREACH", false, 0, "the packet's time was exceeded on the way");
  if (type === PARAMETER_PROBLEM) return fault("EPROTO", false, 0, "a router or the host found fault with the packet");
  if (type !== UNREACHABLE || code > 15) return null;
  if (code === 2) return fault("ENOPROTOOPT", true, 0, "protocol unreachable");
  if (code === 3) return fault("ECONNREFUSED", true, 0, "port unreachable");
  if (code === TOO_BIG) {
    return fault("EMSGSIZE", false, mtu || PLATEAUS.find((plateau) => plateau < length) || 68, "packet too big");
  }
  const network = (OF_NETWORK >>> code & 1) === 1;
  return fault(
    network ? "ENETUNREACH" : "EHOSTUNREACH",
    (SOFT >>> code & 1) === 0,
    0,
    `${network ? "network" : "host"} unreachable`,
  );
}

function fault(code: NetErrorCode, hard: boolean, mtu: number, message: string): IpFault {
  return { code, hard, mtu, message };
}
