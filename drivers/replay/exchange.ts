/**
 * A recorded exchange of datagrams, of which the live stack plays one side: UDP between two sockets, DNS among them, ICMP
 * between two hosts, or ARP.
 *
 * What was recorded of the peer goes to the live stack once that has sent as many messages as the recorded host had by then,
 * with the live stack's own numbers in it: its port, the id of its DNS query, the ident of its ping.
 *
 * @module
 */

import { getI32 } from "../../core/packet.ts";
import type { Headers } from "./headers.ts";
import {
  type Endpoint,
  excerpt,
  firstDifference,
  type Party,
  type RecordedPacket,
  type ReplayReport,
} from "./party.ts";

/** Messages of the live stack that are kept beyond those that were recorded. */
const SURPLUS = 1024;
/** Bytes of a packet that are kept for messages that quote it. */
const QUOTED = 128;

/** What is exchanged. */
export type ExchangeKind = "udp" | "dns" | "icmp" | "arp";

/** A recorded exchange, and what the live stack has sent in it so far. */
export class Exchange implements Party {
  /** What is exchanged. */
  readonly kind: ExchangeKind;
  /** Who is played from the recording. */
  readonly peer: Endpoint;
  /** Who is played by the live stack. */
  readonly local: Endpoint;
  /** The number of its first packet. */
  readonly packet: number;
  /** The port of the live stack; -1 before it sent anything, when it is its turn to begin. */
  livePort: number;
  /** Recorded packets that were not fed yet. */
  left: number = 0;
  /** The messages that were recorded of the side that is played live. */
  readonly recorded: Uint8Array[] = [];
  /** The messages that the live stack sent. */
  readonly live: Uint8Array[] = [];
  /** What the live stack sent last, from its IP header on, for messages that quote it. */
  quote: Uint8Array | null = null;
  #stalled: string | null = null;
  #cut: boolean = false;

  /**
   * Makes an exchange.
   *
   * @param kind What is exchanged.
   * @param peer Who is played from the recording.
   * @param local Who is played by the live stack.
   * @param packet The number of its first packet.
   * @param peerBegins Whether the peer sent the first message.
   */
  constructor(kind: ExchangeKind, peer: Endpoint, local: Endpoint, packet: number, peerBegins: boolean) {
    this.kind = kind;
    this.peer = peer;
    this.local = local;
    this.packet = packet;
    this.livePort = peerBegins ? local.port : -1;
  }

  /** Whether the rest of its packets is left out. */
  get over(): boolean {
    return this.#stalled !== null;
  }

  /** Changes with everything that the live stack sends in it. */
  get progress(): number {
    return this.live.length;
  }

  /**
   * Learns a recorded message of the side that is played live.
   *
   * @param message It.
   */
  learn(message: Uint8Array): void {
    this.recorded.push(message);
  }

  /** Learns that a packet was not recorded to its end. */
  cut(): void {
    this.#cut = true;
  }

  /**
   * Takes note of a message that the live stack sent.
   *
   * @param message It; copied.
   * @param quote The packet from its IP header on; copied.
   */
  observe(message: Uint8Array, quote: Uint8Array): void {
    if (this.live.length < this.recorded.length + SURPLUS) this.live.push(message.slice());
    this.quote = quote.slice(0, QUOTED);
  }

  /** Tells what a recorded message of the peer has to wait for. */
  missing(_headers: Headers, { before }: RecordedPacket): string | null {
    const lacks = before - this.live.length;
    return lacks <= 0 ? null : `${lacks} more of the live stack's messages, which sent ${this.live.length}`;
  }

  /** Ends a wait that took too long. */
  giveWay(headers: Headers, packet: RecordedPacket): void {
    this.#stalled = `packet ${packet.number} waits for ${this.missing(headers, packet)}`;
  }

  /** Makes a message of the peer fit the live stack. */
  rewrite(headers: Headers): void {
    const { bytes, transport } = headers;
    if (headers.isUdp) {
      if (this.livePort > 0) set16(bytes, transport + 2, this.livePort);
      if (this.kind === "dns" && headers.end >= transport + 20) this.#rewriteDns(bytes, transport + 8, headers.end);
      if (headers.u16(6) !== 0) headers.finish();
    } else if (headers.isIcmp && (bytes[transport] === 0 || bytes[transport] === 129)) {
      this.#rewriteEcho(headers);
    }
  }

  /** Gives an answer the id, and the letters, of the question that the live stack asked. */
  #rewriteDns(bytes: Uint8Array, at: number, end: number): void {
    if (!(bytes[at + 2]! & 0x80)) return;
    const index = this.recorded.findLastIndex((query) => query[0] === bytes[at] && query[1] === bytes[at + 1]);
    const live = this.live[Math.min(index, this.live.length - 1)];
    if (index < 0 || !live) return;
    bytes.set(live.subarray(0, 2), at);
    // A resolver may choose its letters' case at random, and wants to find it again.
    for (let i = 12; i < live.length && at + i < end; i++) {
      const ours = live[i]!;
      const theirs = bytes[at + i]!;
      if ((ours | 32) !== (theirs | 32) || (ours | 32) < 97 || (ours | 32) > 122) {
        if (ours !== theirs) return;
      } else bytes[at + i] = ours;
    }
  }

  /** Gives an answer to a ping the numbers, and the data, of the ping that the live stack sent. */
  #rewriteEcho(headers: Headers): void {
    const { bytes, transport, end } = headers;
    const reply = bytes.subarray(transport, end);
    const index = this.recorded.findLastIndex((request) => firstDifference(request.subarray(4), reply.subarray(4)) < 0);
    const live = this.live[index];
    if (!live) return;
    reply.set(live.subarray(4, reply.length), 4);
    headers.finish();
  }

  /** Says what came of it. */
  report(): ReplayReport {
    const [verdict, reason] = this.#judge();
    const { kind, peer, local, packet } = this;
    return { kind, peer, local, packet, verdict, reason };
  }

  #judge(): [ReplayReport["verdict"], string | null] {
    if (this.#cut) return ["impossible", "its packets were cut short when they were recorded"];
    const count = Math.min(this.recorded.length, this.live.length);
    for (let i = 0; i < count; i++) {
      const recorded = comparable(this.kind, this.recorded[i]!);
      const live = comparable(this.kind, this.live[i]!);
      const at = firstDifference(recorded, live);
      if (at < 0) continue;
      const place = `message ${i + 1}, byte ${at}`;
      return ["different", `${place}: ${excerpt(recorded, at)} was recorded, and ${excerpt(live, at)} came`];
    }
    if (this.#stalled !== null) return ["impossible", this.#stalled];
    if (this.live.length !== this.recorded.length) {
      return ["different", `${this.recorded.length} messages were recorded, and ${this.live.length} came`];
    }
    if (this.left > 0) return ["impossible", `${this.left} of its packets were not played`];
    return ["identical", null];
  }
}

function set16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

/** What of a message does not depend on the numbers that a stack chooses. */
function comparable(kind: ExchangeKind, message: Uint8Array): Uint8Array {
  const copy = message.slice();
  if (kind === "dns") copy.fill(0, 0, 2);
  else if (kind === "arp") copy.fill(0, 8, 14);
  else if (kind === "icmp") {
    copy.fill(0, 2, 4);
    const type = copy[0]!;
    // A ping is the stack's own: its numbers and data too.
    if (type === 8 || type === 128) copy.fill(0, 4);
    // How much of a packet an error quotes is up to its sender.
    if (isIcmpError(type)) return copy.subarray(0, 8 + 28);
  }
  return copy;
}

/**
 * Tells whether a message of ICMP, or of ICMPv6, quotes the packet that it is about.
 *
 * @param type Its type.
 */
export function isIcmpError(type: number): boolean {
  return type === 3 || type === 4 || type === 5 || type === 11 || type === 12 || (type >= 1 && type <= 4);
}

/** An ICMP error about what the live stack sends. */
export class IcmpErrorParty implements Party {
  /** Recorded packets of it that were not fed yet. */
  left: number = 0;
  readonly #about: Party & { readonly quote: Uint8Array | null };

  /**
   * Makes it.
   *
   * @param about The conversation to which the quoted packet belongs.
   */
  constructor(about: Party & { readonly quote: Uint8Array | null }) {
    this.#about = about;
  }

  /** Who is played from the recording. */
  get peer(): Endpoint {
    return this.#about.peer;
  }

  /** Whether it is left out. */
  get over(): boolean {
    return this.#about.over;
  }

  /** Changes with everything that the live stack sends in the conversation. */
  get progress(): number {
    return this.#about.progress;
  }

  /** Tells what it has to wait for: the packet that it quotes. */
  missing(headers: Headers, packet: RecordedPacket): string | null {
    if (this.#about instanceof Exchange) return this.#about.missing(headers, packet);
    return this.#about.quote ? null : "the packet of the live stack that it quotes";
  }

  /** Ends a wait that took too long. */
  giveWay(headers: Headers, packet: RecordedPacket): void {
    this.#about.giveWay(headers, packet);
  }

  /** Quotes what the live stack sent in place of what was recorded. */
  rewrite(headers: Headers): void {
    const { bytes, transport, end } = headers;
    const { quote } = this.#about;
    if (!quote) return;
    bytes.set(quote.subarray(0, Math.max(0, end - transport - 8)), transport + 8);
    headers.finish();
  }

  /** What came of the conversation. */
  report(): ReplayReport {
    return this.#about.report();
  }
}

/**
 * Reads what an ICMP error quotes.
 *
 * @param headers The error.
 * @returns The protocol, the addresses' places and the ports; null when it quotes no packet with ports.
 */
export function quotedPorts(headers: Headers): { protocol: number; source: number; destination: number } | null {
  const { bytes, transport, end, version } = headers;
  const at = transport + 8;
  const size = version === 6 ? 40 : ((bytes[at] ?? 0) & 15) << 2;
  if (at + size + 4 > end || size < 20) return null;
  const ports = getI32(bytes, at + size);
  return { protocol: bytes[at + (version === 6 ? 6 : 9)]!, source: ports >>> 16, destination: ports & 0xffff };
}
