/**
 * Puts fragments together again (RFC 791, 3.2; RFC 815; RFC 1122, 3.3.2).
 *
 * A datagram is written straight to where its bytes belong, its header into the headroom before them; what was received of it is
 * a sorted list of ranges. Fragments that overlap others in part are an attack (RFC 5722 says so for IPv6), and the
 * datagram is dropped; one that brings nothing new is a duplicate, and ignored.
 *
 * @module
 */

import { HEADROOM, type Packet } from "../../core/packet.ts";
import type { Core } from "../../core/protocol.ts";
import { Timer } from "../../core/timers.ts";
import { FRAGMENT_OFFSET, IPV4_HEADER, IPV4_LARGEST, MORE_FRAGMENTS } from "./header.ts";

/** Milliseconds for which the fragments of a datagram may arrive. */
const LIFETIME = 30_000;
/** Ranges of one datagram; more holes are made by nobody but an attacker. */
const RANGES = 64;

/** What became of fragments. */
export class ReassemblyCounters {
  /** Fragments received. */
  fragments: number = 0;
  /** Datagrams put together. */
  reassembled: number = 0;
  /** Fragments dropped because their length or offset is impossible. */
  malformed: number = 0;
  /** Fragments that brought nothing new. */
  duplicates: number = 0;
  /** Datagrams dropped because fragments overlapped or contradicted each other. */
  overlaps: number = 0;
  /** Datagrams dropped because fragments did not come in time. */
  timeouts: number = 0;
  /** Datagrams dropped to make room for others. */
  evicted: number = 0;
}

/** A datagram of which fragments are missing. */
class Datagram {
  readonly packet: Packet;
  readonly source: number;
  readonly destination: number;
  /** Identification and protocol. */
  readonly key: number;
  readonly expires: number;
  /** First byte and one past the last byte of each run received, in order. */
  readonly ranges: number[] = [];
  /** Bytes of the payload; -1 until the last fragment is there. */
  total: number = -1;
  /** Bytes of the first fragment's header; 0 until it is there. */
  header: number = 0;
  /** Bytes of the first fragment's payload. */
  first: number = 0;

  constructor(packet: Packet, source: number, destination: number, key: number, expires: number) {
    this.packet = packet;
    this.source = source;
    this.destination = destination;
    this.key = key;
    this.expires = expires;
  }
}

/** What reassembly gives back. */
export interface ReassemblyUser {
  /** Reads a whole datagram, its window at the header; lent until this returns. */
  reassembled(packet: Packet): void;
  /** Hears that a datagram was given up; the packet is its first fragment, lent until this returns. */
  timedOut(packet: Packet): void;
}

/** Datagrams whose fragments are arriving. */
export class Reassembly {
  /** What became of fragments. */
  readonly counters: ReassemblyCounters = new ReassemblyCounters();
  readonly #core: Core;
  readonly #user: ReassemblyUser;
  readonly #most: number;
  /** The oldest first. */
  readonly #datagrams: Datagram[] = [];
  readonly #timer: Timer = new Timer((now) => this.#expire(now));

  /**
   * Makes an empty table.
   *
   * @param core The core.
   * @param most Datagrams to work on at once; each takes 64 KiB.
   * @param user Who takes the datagrams.
   */
  constructor(core: Core, most: number, user: ReassemblyUser) {
    this.#core = core;
    this.#user = user;
    this.#most = most;
    core.count("fragments", this.counters);
    core.onClose(() => {
      while (this.#datagrams.length > 0) this.#drop(0);
    });
  }

  /**
   * Takes in a fragment, and delivers its datagram when that is whole.
   *
   * @param packet The fragment, its window from the header, which is sound, to the end of its payload.
   * @param header Bytes of its header.
   */
  receive(packet: Packet, header: number): void {
    const { counters } = this;
    const { bytes, start: at } = packet;
    counters.fragments++;
    const flags = packet.u16(6);
    const more = (flags & MORE_FRAGMENTS) !== 0;
    const from = (flags & FRAGMENT_OFFSET) << 3;
    const size = packet.length - header;
    const to = from + size;
    if (size === 0 || more && (size & 7) !== 0 || to + IPV4_HEADER > IPV4_LARGEST) {
      counters.malformed++;
      return;
    }
    const index = this.#find(packet);
    const datagram = this.#datagrams[index]!;
    const verdict = this.#place(datagram, from, to, more);
    if (verdict < 0) {
      counters.overlaps++;
      return this.#drop(index);
    }
    if (verdict === 0) {
      counters.duplicates++;
      return;
    }
    const { packet: whole, ranges } = datagram;
    whole.bytes.set(bytes.subarray(at + header, packet.end), HEADROOM + from);
    if (from === 0) {
      datagram.header = header;
      datagram.first = size;
      whole.start = whole.network = HEADROOM - header;
      whole.bytes.set(bytes.subarray(at, at + header), whole.start);
      whole.cast = packet.cast;
      whole.ip = packet.ip;
    }
    if (datagram.total < 0 || ranges.length !== 2 || ranges[0] !== 0 || ranges[1] !== datagram.total) return;
    this.#datagrams.splice(index, 1);
    const length = datagram.header + datagram.total;
    if (length > IPV4_LARGEST) counters.malformed++;
    else {
      counters.reassembled++;
      whole.end = whole.start + length;
      whole.setU16(2, length);
      whole.setU16(6, 0);
      this.#user.reassembled(whole);
    }
    this.#core.pool.give(whole);
  }

  /** Notes a run; 1 when it is new, 0 when all of it was there, -1 when it cannot be. */
  #place(datagram: Datagram, from: number, to: number, more: boolean): number {
    const { ranges, total } = datagram;
    const end = ranges.length > 0 ? ranges[ranges.length - 1]! : 0;
    if (more ? total >= 0 && to > total : total >= 0 ? to !== total : to < end) return -1;
    if (!more) datagram.total = to;
    let i = 0;
    while (i < ranges.length && ranges[i + 1]! <= from) i += 2;
    if (i < ranges.length && ranges[i]! < to) return ranges[i]! <= from && to <= ranges[i + 1]! ? 0 : -1;
    const joinsBefore = i > 0 && ranges[i - 1] === from;
    const joinsAfter = i < ranges.length && ranges[i] === to;
    if (joinsBefore && joinsAfter) ranges.splice(i - 1, 2);
    else if (joinsBefore) ranges[i - 1] = to;
    else if (joinsAfter) ranges[i] = from;
    else ranges.splice(i, 0, from, to);
    return ranges.length > 2 * RANGES ? -1 : 1;
  }

  /** Finds the datagram of a fragment, or starts one. */
  #find(packet: Packet): number {
    const datagrams = this.#datagrams;
    const key = packet.u16(4) << 8 | packet.u8(9);
    const source = packet.i32(12);
    const destination = packet.i32(16);
    for (let i = 0; i < datagrams.length; i++) {
      const datagram = datagrams[i]!;
      if (datagram.key === key && datagram.source === source && datagram.destination === destination) return i;
    }
    if (datagrams.length >= this.#most) {
      this.counters.evicted++;
      this.#drop(0);
    }
    const { timers, pool } = this.#core;
    const expires = this.#core.now() + LIFETIME;
    if (datagrams.length === 0) timers.arm(this.#timer, expires);
    return datagrams.push(new Datagram(pool.take(IPV4_LARGEST), source, destination, key, expires)) - 1;
  }

  #drop(index: number): void {
    this.#core.pool.give(this.#datagrams.splice(index, 1)[0]!.packet);
  }

  #expire(now: number): void {
    const datagrams = this.#datagrams;
    while (datagrams.length > 0 && datagrams[0]!.expires <= now) {
      const { packet, header, first } = datagrams[0]!;
      this.counters.timeouts++;
      if (header > 0) {
        packet.end = HEADROOM + first;
        this.#user.timedOut(packet);
      }
      this.#drop(0);
    }
    if (datagrams.length > 0) this.#core.timers.arm(this.#timer, datagrams[0]!.expires);
  }
}
