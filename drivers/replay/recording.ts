/**
 * A capture file, prepared for replay: who sends what when, and to which conversation it belongs.
 *
 * @module
 */

import type { Medium } from "../../core/driver.ts";
import { formatIpv4, type Ipv4Address } from "../../core/ipv4_address.ts";
import { formatMac } from "../../core/mac_address.ts";
import { getI32 } from "../../core/packet.ts";
import { ETHERNET, Headers } from "./headers.ts";
import type { ReplayCounters } from "./options.ts";
import { Parties } from "./parties.ts";
import type { Party, RecordedPacket } from "./party.ts";
import { Rewriter } from "./rewrite.ts";
import { misfit, type ReplaySource, type SourcePacket, toMedium } from "./source.ts";
import { splitSegment } from "./split.ts";

const ARP = 0x0806;

/** What is replayed. */
export interface Recording {
  /** The packets for the stack, in the order of the file. */
  readonly packets: RecordedPacket[];
  /** What was recorded of the side that is played live. */
  readonly expected: { readonly time: number; readonly bytes: Uint8Array<ArrayBuffer> }[];
  /** To what they belong. */
  readonly parties: Parties;
  /** The MAC addresses of the recorded peers, by IP address. */
  readonly macs: Map<string, Uint8Array>;
  /** Those of the side that is played live. */
  readonly localMacs: Set<string>;
}

/** How to prepare. */
export interface Preparation {
  /** What the driver carries. */
  readonly medium: Medium;
  /** Whose packets go to the stack, in canonical form; null for everybody's, or what the file says was received. */
  readonly from: ReadonlySet<string> | null;
  /** What the file calls received is for the stack. */
  readonly directed: boolean;
  /** Whether conversations are looked for. */
  readonly converse: boolean;
  /** Other addresses. */
  readonly rewrite: Readonly<Record<string, string>>;
  /** Bytes of the largest packet that the stack takes. */
  readonly frame: number;
  /** Counts what is left out. */
  readonly counters: ReplayCounters;
}

/**
 * Prepares a capture for replay.
 *
 * @param source The capture.
 * @param preparation How.
 * @returns What is replayed.
 * @throws {TypeError} When the driver cannot carry what was captured.
 * @throws {SyntaxError} When an address to rewrite is none.
 */
export function prepare(source: ReplaySource, preparation: Preparation): Recording {
  const maker = new RecordingMaker(preparation);
  const first = source.packets[0];
  const what = first && misfit(first.linkType ?? source.linkType, preparation.medium);
  if (what) {
    throw new TypeError(`replay(): the capture holds ${what}, which a driver for "${preparation.medium}" cannot carry`);
  }
  let time = 0;
  for (const packet of source.packets) {
    const elapsed = (packet.seconds - first!.seconds) * 1000 + (packet.nanoseconds - first!.nanoseconds) / 1e6;
    // Time never goes back, though clocks of recording machines do.
    time = Math.max(time, elapsed);
    maker.add(packet, packet.linkType ?? source.linkType, time);
  }
  return maker.recording;
}

class RecordingMaker {
  readonly recording: Recording = {
    packets: [],
    expected: [],
    parties: new Parties(),
    macs: new Map(),
    localMacs: new Set(),
  };
  readonly #how: Preparation;
  readonly #headers: Headers = new Headers();
  readonly #rewriter: Rewriter;

  constructor(how: Preparation) {
    this.#how = how;
    this.#rewriter = new Rewriter(how.rewrite);
  }

  add(packet: SourcePacket, linkType: number, time: number): void {
    const { medium, from, directed, counters } = this.#how;
    const carried = toMedium(packet.bytes, linkType, medium);
    const { recording } = this;
    const headers = this.#headers;
    // Senders are told apart by the addresses that were recorded, MAC addresses too.
    const ours = from === null
      ? !directed || packet.direction !== "out"
      : isFrom(headers, packet.bytes, linkType, from);
    if (!carried) {
      counters.others++;
      return;
    }
    const cut = packet.length > packet.bytes.length;
    // A copy, for the file is not ours.
    const bytes = this.#finished(carried);
    headers.read(bytes, 0, bytes.length, medium);
    if (medium === "ethernet" && bytes.length >= ETHERNET) this.#learnMac(headers, bytes, ours);
    const before = { value: 0 };
    const party = this.#party(headers, bytes, ours, packet.number, cut, before);
    if (cut) counters.cut++;
    else if (!ours) {
      recording.expected.push({ time, bytes: bytes.slice() });
      counters.others++;
    } else if (party === false) counters.others++;
    else this.#push(packet.number, time, bytes, party, before.value);
  }

  #finished(carried: Uint8Array): Uint8Array {
    const { medium } = this.#how;
    const bytes = carried.slice();
    this.#headers.read(bytes, 0, bytes.length, medium).finishOffloaded();
    return this.#rewriter.rewrite(bytes, medium);
  }

  #learnMac(headers: Headers, bytes: Uint8Array, ours: boolean): void {
    const { macs, localMacs } = this.recording;
    if (!ours) {
      localMacs.add(formatMac(bytes, 6));
      return;
    }
    const sender = headers.network >= 0 ? headers.source : arpSender(headers, bytes);
    if (sender !== "") macs.set(sender, bytes.slice(6, 12));
  }

  /** To what a packet belongs; false when it is left out. */
  #party(
    headers: Headers,
    bytes: Uint8Array,
    ours: boolean,
    number: number,
    cut: boolean,
    before: { value: number },
  ): Party | null | false {
    const { parties } = this.recording;
    if (!this.#how.converse) return null;
    if (headers.isTcp || (cut && headers.isCutTcp)) {
      const conversation = parties.conversation(headers, ours, number);
      before.value = conversation.recordedNext;
      if (ours) conversation.learnPeer(headers, cut);
      else conversation.learn(headers, cut);
      return conversation;
    }
    if (headers.isNeighbourMessage) return this.#how.medium === "ethernet" ? null : false;
    if (headers.type === ARP && bytes.length >= ETHERNET + 28) {
      const reply = bytes[ETHERNET + 7] === 2;
      // The peer's replies are made when the live stack asks.
      if (ours && reply) return false;
      if (!ours && !reply) return null;
      const exchange = parties.arp(bytes, ours, number);
      before.value = exchange.recorded.length;
      if (!ours) exchange.learn(bytes.slice(ETHERNET, ETHERNET + 28));
      return exchange;
    }
    if (!headers.isUdp && !headers.isIcmp) return null;
    const error = ours ? parties.error(headers) : null;
    if (error) {
      before.value = "recordedNext" in error.about ? 0 : error.about.recorded.length;
      return error.party;
    }
    const exchange = parties.exchange(headers, ours, number);
    before.value = exchange.recorded.length;
    if (cut) exchange.cut();
    const { transport, end } = headers;
    if (!ours) exchange.learn(bytes.slice(headers.isUdp ? transport + 8 : transport, end));
    return exchange;
  }

  #push(number: number, time: number, bytes: Uint8Array, party: Party | null, before: number): void {
    const { frame, counters, medium } = this.#how;
    const pieces = bytes.length > frame && this.#headers.isTcp ? splitSegment(this.#headers, frame, medium) : [bytes];
    for (const piece of pieces) {
      if (piece.length > frame) {
        counters.oversized++;
        continue;
      }
      if (party) party.left++;
      this.recording.packets.push({ number, time, bytes: piece, party, before });
    }
  }
}

function isFrom(headers: Headers, bytes: Uint8Array, linkType: number, from: ReadonlySet<string>): boolean {
  if (linkType === 1) {
    headers.read(bytes, 0, bytes.length, "ethernet");
    if (headers.network >= 0 && from.has(headers.source)) return true;
    if (bytes.length < ETHERNET) return false;
    return from.has(formatMac(bytes, 6)) || from.has(arpSender(headers, bytes));
  }
  const packet = toMedium(bytes, linkType, "ip");
  if (!packet) return false;
  headers.read(packet, 0, packet.length, "ip");
  return headers.network >= 0 && from.has(headers.source);
}

function arpSender(headers: Headers, bytes: Uint8Array): string {
  if (headers.type !== ARP || bytes.length < ETHERNET + 28) return "";
  return formatIpv4(getI32(bytes, ETHERNET + 14) as Ipv4Address);
}
