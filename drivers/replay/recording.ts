/**
 * A capture file, prepared for replay: who sends what when, and to which conversation it belongs.
 *
 * @module
 */

import { mediumOf } from "../../core/capture/link_type.ts";
import type { Capture } from "../../core/capture/pcap_reader.ts";
import type { Medium } from "../../core/driver.ts";
import { formatIpv4, type Ipv4Address, tryParseIpv4 } from "../../core/ipv4_address.ts";
import { formatIpv6, tryParseIpv6 } from "../../core/ipv6_address.ts";
import { formatMac, parseMac } from "../../core/mac_address.ts";
import { getI32 } from "../../core/packet.ts";
import { Conversation } from "./conversation.ts";
import { ETHERNET, Headers } from "./headers.ts";
import type { ReplayCounters } from "./options.ts";

const ARP = 0x0806;

/** A recorded packet for the stack. */
export interface RecordedPacket {
  /** Its number in the file, from 1. */
  readonly number: number;
  /** Milliseconds after the first packet of the file. */
  readonly time: number;
  /** The packet, as the driver carries it. */
  readonly bytes: Uint8Array;
  /** The conversation to which it belongs; null when it stands for itself. */
  readonly conversation: Conversation | null;
}

/** What is replayed. */
export interface Recording {
  /** The packets for the stack, in the order of the file. */
  readonly packets: RecordedPacket[];
  /** The TCP conversations, in the order of their first packets. */
  readonly conversations: Conversation[];
  /** The MAC addresses of the recorded peers, by IPv4 address. */
  readonly macs: Map<string, Uint8Array>;
}

/** How to prepare. */
export interface Preparation {
  /** What the driver carries. */
  readonly medium: Medium;
  /** Whose packets go to the stack, in canonical form; null for everybody's. */
  readonly from: ReadonlySet<string> | null;
  /** Whether TCP conversations are looked for. */
  readonly converse: boolean;
  /** Bytes of the largest packet that the stack takes. */
  readonly frame: number;
  /** Counts what is left out. */
  readonly counters: ReplayCounters;
}

/**
 * Reads addresses in any spelling.
 *
 * @param texts The addresses.
 * @returns Their canonical spellings.
 * @throws {SyntaxError} When one is no address.
 */
export function canonicalAddresses(texts: readonly string[]): Set<string> {
  return new Set(texts.map((text) => {
    const ipv4 = tryParseIpv4(text);
    if (ipv4 !== null) return formatIpv4(ipv4);
    const ipv6 = tryParseIpv6(text);
    if (ipv6 !== null) return formatIpv6(ipv6);
    try {
      return formatMac(parseMac(text));
    } catch {
      throw new SyntaxError(`replay(): cannot parse "${text}" as an IPv4, IPv6 or MAC address`);
    }
  }));
}

/**
 * Prepares a capture for replay.
 *
 * @param capture The capture.
 * @param preparation How.
 * @returns What is replayed.
 * @throws {TypeError} When the driver cannot carry what was captured.
 */
export function prepare(capture: Capture, preparation: Preparation): Recording {
  const { medium, from, converse, frame, counters } = preparation;
  const recorded = mediumOf(capture.linkType);
  if (capture.packets.length > 0 && (recorded === null || (recorded === "ip" && medium === "ethernet"))) {
    const what = recorded ? "bare IP packets" : `link type ${capture.linkType}`;
    throw new TypeError(`replay(): the capture holds ${what}, which a driver for "${medium}" cannot carry`);
  }
  const finder = new ConversationFinder();
  const recording: Recording = { packets: [], conversations: finder.all, macs: new Map() };
  const headers = new Headers();
  const first = capture.packets[0];
  let time = 0;
  for (const packet of capture.packets) {
    const elapsed = (packet.seconds - first!.seconds) * 1000 + (packet.nanoseconds - first!.nanoseconds) / 1e6;
    // Time never goes back, though clocks of recording machines do.
    time = Math.max(time, elapsed);
    let bytes = packet.bytes;
    headers.read(bytes, 0, bytes.length, recorded!);
    const sent = from === null || isFrom(headers, bytes, recorded!, from);
    if (sent && recorded === "ethernet" && bytes.length >= ETHERNET) {
      const sender = headers.network >= 0 ? headers.source : arpSender(headers, bytes);
      if (sender !== "") recording.macs.set(sender, bytes.slice(6, 12));
    }
    if (packet.length > packet.bytes.length) {
      counters.cut++;
      continue;
    }
    const conversation = converse && headers.isTcp ? finder.find(headers, sent) : null;
    if (!sent) {
      conversation?.learn(headers);
      counters.others++;
      continue;
    }
    conversation?.learnPeer(headers);
    if (recorded === "ethernet" && medium === "ip") {
      if (headers.network < 0) {
        counters.others++;
        continue;
      }
      bytes = bytes.subarray(headers.network, headers.end);
    }
    if (bytes.length > frame) counters.oversized++;
    else recording.packets.push({ number: packet.number, time, bytes, conversation });
  }
  return recording;
}

function isFrom(headers: Headers, bytes: Uint8Array, medium: Medium, from: ReadonlySet<string>): boolean {
  if (headers.network >= 0 && from.has(headers.source)) return true;
  if (medium !== "ethernet" || bytes.length < ETHERNET) return false;
  return from.has(formatMac(bytes, 6)) || from.has(arpSender(headers, bytes));
}

function arpSender(headers: Headers, bytes: Uint8Array): string {
  if (headers.type !== ARP || bytes.length < ETHERNET + 28) return "";
  return formatIpv4(getI32(bytes, ETHERNET + 14) as Ipv4Address);
}

/** Tells which segments belong together. */
class ConversationFinder {
  readonly all: Conversation[] = [];
  readonly #current: Map<string, { conversation: Conversation; opened: number | null }> = new Map();

  find(segment: Headers, fromPeer: boolean): Conversation {
    const a = { address: segment.source, port: segment.sourcePort };
    const b = { address: segment.destination, port: segment.destinationPort };
    const [peer, local] = fromPeer ? [a, b] : [b, a];
    const key = `${peer.address} ${peer.port} ${local.address} ${local.port}`;
    let known = this.#current.get(key);
    const opens = (segment.flags & 0x12) === 2;
    // The same ports again, from another sequence number on: a new conversation.
    if (!known || (opens && known.opened !== null && known.opened !== segment.seq)) {
      known = { conversation: new Conversation(peer, local), opened: null };
      this.#current.set(key, known);
      this.all.push(known.conversation);
    }
    if (opens) known.opened = segment.seq;
    return known.conversation;
  }
}
