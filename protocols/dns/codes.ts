/**
 * The numbers of DNS (RFC 1035, 3.2 and 4.1), and limits of ours.
 *
 * This file imports nothing, so that bundlers write the numbers where they are used.
 *
 * @module
 */

/** Bytes of the header. */
export const DNS_HEADER = 12;
/** The port of servers. */
export const DNS_PORT = 53;
/** Bytes of a response that fit into a datagram that no usual link cuts into fragments (RFC 9715, 3.2). */
export const DNS_DATAGRAM = 1232;

/** Flag: this is a response. */
export const FLAG_RESPONSE = 0x8000;
/** Flags: the kind of query; 0 is an ordinary one. */
export const OPCODE = 0x7800;
/** Flag: the server is an authority for the name. */
export const FLAG_AUTHORITATIVE = 0x0400;
/** Flag: the message was cut. */
export const FLAG_TRUNCATED = 0x0200;
/** Flag: the server shall ask others. */
export const FLAG_RECURSION_DESIRED = 0x0100;
/** Flag: the server asks others. */
export const FLAG_RECURSION_AVAILABLE = 0x0080;
/** Flags: how it went. */
export const RCODE = 0x000f;

/** Response code: the server does not understand. */
export const FORMAT_ERROR = 1;
/** Response code: the server failed. */
export const SERVER_FAILURE = 2;
/** Response code: no such name. */
export const NAME_ERROR = 3;
/** Response code: the server does not do that. */
export const NOT_IMPLEMENTED = 4;
/** Response code: the server does not want to. */
export const REFUSED = 5;

/** The class of the Internet. */
export const CLASS_IN = 1;
/** The class that stands for all. */
export const CLASS_ANY = 255;

/** Type: an IPv4 address. */
export const TYPE_A = 1;
/** Type: the name that an alias stands for. */
export const TYPE_CNAME = 5;
/** Type: the start of a zone. */
export const TYPE_SOA = 6;
/** Type: an IPv6 address. */
export const TYPE_AAAA = 28;
/** Type: what EDNS tells (RFC 6891). */
export const TYPE_OPT = 41;

/** Answers that are remembered; when there are more, all are forgotten. */
export const MOST_ANSWERS = 512;
/** Aliases that one name may lead through. */
export const MOST_ALIASES = 16;
/** Seconds for which an answer is remembered, at most (RFC 2181, 8). */
export const MOST_TTL = 604_800;
/** Seconds for which the absence of one is, at most (RFC 2308, 5). */
export const MOST_NEGATIVE_TTL = 10_800;
/** Milliseconds for which the addresses of one family are waited for once the others are there (RFC 8305, 3). */
export const RESOLUTION_DELAY = 50;
/** Milliseconds after which the next address is tried too (RFC 8305, 5). */
export const ATTEMPT_DELAY = 250;
