/**
 * ICMPv6 messages (RFC 4443), and what errors mean to a transport (RFC 5461).
 *
 * @module
 */

import type { IpFault } from "../../core/ip.ts";
import type { NetErrorCode } from "../../core/net_error.ts";

/** Bytes of the header. */
export const ICMPV6_HEADER = 8;
/** Type: Destination Unreachable. */
export const UNREACHABLE = 1;
/** Type: Packet Too Big. */
export const PACKET_TOO_BIG = 2;
/** Type: Time Exceeded. */
export const TIME_EXCEEDED = 3;
/** Type: Parameter Problem. */
export const PARAMETER_PROBLEM = 4;
/** The first type that is no error. */
export const INFORMATIONAL = 128;
/** Type: Echo Request. */
export const ECHO_REQUEST = 128;
/** Type: Echo Reply. */
export const ECHO_REPLY = 129;

/** What the codes of Destination Unreachable mean, from 0 on (RFC 4443, 3.1). */
const UNREACHABLES: readonly [NetErrorCode, string][] = [
  ["ENETUNREACH", "no route to the destination"],
  ["EACCES", "administratively prohibited"],
  ["EHOSTUNREACH", "beyond the scope of the source address"],
  ["EHOSTUNREACH", "address unreachable"],
  ["ECONNREFUSED", "port unreachable"],
  ["EACCES", "the source address failed a policy"],
  ["EACCES", "the route is rejected"],
];

/**
 * Reads an error.
 *
 * @param type The message's type, below {@linkcode INFORMATIONAL}.
 * @param code Its code.
 * @param value Its second word: an MTU, or where the fault lies.
 * @returns What it means; null where a transport must not act on it.
 */
export function readFault(type: number, code: number, value: number): IpFault | null {
  switch (type) {
    case UNREACHABLE: {
      const [name, message] = UNREACHABLES[code] ?? UNREACHABLES[3]!;
      return fault(name, message, code === 1 || code === 4);
    }
    case PACKET_TOO_BIG:
      // Less than the least MTU of any link is not believed (RFC 8201, 4).
      return value < 1280 ? null : fault("EMSGSIZE", "packet too big", false, value);
    case TIME_EXCEEDED:
      return fault("EHOSTUNREACH", code === 0 ? "hop limit exceeded on the way" : "fragments did not come in time");
    case PARAMETER_PROBLEM:
      return code === 1
        ? fault("ENOPROTOOPT", "protocol unreachable", true)
        : fault("EPROTO", "a router or the host found fault with the packet");
    default:
      // Unknown errors are passed on as well (RFC 4443, 2.4 (a)).
      return fault("EPROTO", `ICMPv6 error of type ${type}`);
  }
}

function fault(code: NetErrorCode, message: string, hard: boolean = false, mtu: number = 0): IpFault {
  return { code, hard, mtu, message };
}
