/**
 * Puts fragments together again, whichever family they are of (RFC 791, 3.2; RFC 815; RFC 1122, 3.3.2; RFC 8200, 4.5).
 *
 * A datagram is written straight to where its bytes belong, its header into the headroom before them; what was received of it is
 * a sorted list of ranges. Fragments that overlap others are an attack (RFC 5722), and the datagram is dropped; one that
 * repeats bytes that are there is a duplicate, and ignored.
 *
 * @module
 */

import { HEADROOM, type Packet } from "./packet.ts";
import type { Core } from "./protocol.ts";
import { Timer } from "./timers.ts";

/** Bytes of the largest payload of a datagram. */
const LARGEST = 65_535;
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
  /** What is there: the payload from {@linkcode HEADROOM} on, the header of a fragment before it. */
  readonly packet: Packet;
  readonly expires: number;
  /** First byte and one past the last byte of each run received, in order. */
  readonly ranges: number[] = [];
  /** Bytes of the payload; -1 until the last fragment is there. */
  total: number = -1;
  /** Bytes of the first fragment's payload; 0 until it is there. */
  first: number = 0;

  constructor(packet: Packet, expires: number) {
    this.packet = packet;
    this.expires = expires;
  }
}

/** What reassembly asks of its family, and gives back. */
export interface ReassemblyUser {
  /** Bytes of the largest datagram, the header of its first fragment included. */
  readonly largest: number;
  /**
   * Whether two fragments are of one datagram.
   *
   * @param whole What is there of the datagram, its window at the header of one of its fragments.
   * @param packet The other fragment, its window at its header.
   */
  same(whole: Packet, packet: Packet): boolean;
  /**
   * Reads a whole datagram.
   *
   * @param packet The datagram, its window from the header of the first fragment, as it was given, to the end of the whole
   * payload; lent until this returns.
   * @param header Bytes of that header.
   */
  reassembled(packet: Packet, header: number): void;
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
  readonly #lifetime: number;
  /** The oldest first. */
  readonly #datagrams: Datagram[] = [];
  readonly #timer: Timer = new Timer((now) => this.#expire(now));

  /**
   * Makes an empty table.
   *
   * @param core The core.
   * @param most Datagrams to work on at once; each takes 64 KiB.
   * @param lifetime Milliseconds for which the fragments of a datagram may arrive.
   * @param owner The name of the counters.
   * @param user Who takes the datagrams.
   */
  constructor(core: Core, most: number, lifetime: number, owner: string, user: ReassemblyUser) {
    this.#core = core;
    this.#user = user;
    this.#most = most;
    this.#lifetime = lifetime;
    core.count(owner, this.counters);
    core.onClose(() => {
      while (this.#datagrams.length > 0) this.#drop(0);
    });
  }

  /**
   * Takes in a fragment, and delivers its datagram when that is whole.
   *
   * @param packet The fragment, its window from its header, which is sound, to the end of its payload.
   * @param header Bytes of its header; they fit into the headroom.
   * @param from Where its payload belongs, in bytes from the start of the datagram's.
   * @param more Whether fragments follow it in the datagram.
   */
  receive(packet: Packet, header: number, from: number, more: boolean): void {
    const { counters } = this;
    const { bytes, start: at, end } = packet;
    counters.fragments++;
    const size = end - at - header;
    const to = from + size;
    if (size === 0 || more && (size & 7) !== 0 || to + header > this.#user.largest) {
      counters.malformed++;
      return;
    }
    const index = this.#find(packet);
    const datagram = this.#datagrams[index]!;
    const { packet: whole, ranges } = datagram;
    const verdict = this.#place(datagram, from, to, more);
    if (verdict < 0 || verdict === 0 && !isCopy(bytes, at + header, whole.bytes, HEADROOM + from, size)) {
      counters.overlaps++;
      return this.#drop(index);
    }
    if (verdict === 0) {
      counters.duplicates++;
      return;
    }
    whole.bytes.set(bytes.subarray(at + header, end), HEADROOM + from);
    // Any fragment's header tells whose it is; the first one's is the datagram's.
    if (from === 0 || ranges.length === 2 && to - from === ranges[1]! - ranges[0]!) {
      whole.start = whole.network = HEADROOM - header;
      whole.bytes.set(bytes.subarray(at, at + header), whole.start);
    }
    if (from === 0) {
      datagram.first = size;
      whole.cast = packet.cast;
      whole.ip = packet.ip;
    }
    if (datagram.total < 0 || ranges.length !== 2 || ranges[0] !== 0 || ranges[1] !== datagram.total) return;
    this.#datagrams.splice(index, 1);
    whole.end = HEADROOM + datagram.total;
    if (whole.length > this.#user.largest) counters.malformed++;
    else {
      counters.reassembled++;
      this.#user.reassembled(whole, HEADROOM - whole.start);
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
    for (let i = 0; i < datagrams.length; i++) if (this.#user.same(datagrams[i]!.packet, packet)) return i;
    if (datagrams.length >= this.#most) {
      this.counters.evicted++;
      this.#drop(0);
    }
    const { timers, pool } = this.#core;
    const expires = this.#core.now() + this.#lifetime;
    if (datagrams.length === 0) timers.arm(this.#timer, expires);
    return datagrams.push(new Datagram(pool.take(LARGEST), expires)) - 1;
  }

  #drop(index: number): void {
    this.#core.pool.give(this.#datagrams.splice(index, 1)[0]!.packet);
  }

  #expire(now: number): void {
    const datagrams = this.#datagrams;
    while (datagrams.length > 0 && datagrams[0]!.expires <= now) {
      const { packet, first } = datagrams[0]!;
      this.counters.timeouts++;
      if (first > 0) {
        packet.end = HEADROOM + first;
        this.#user.timedOut(packet);
      }
      this.#drop(0);
    }
    if (datagrams.length > 0) this.#core.timers.arm(this.#timer, datagrams[0]!.expires);
  }
}

function isCopy(a: Uint8Array, at: number, b: Uint8Array, bt: number, size: number): boolean {
  for (let i = 0; i < size; i++) if (a[at + i] !== b[bt + i]) return false;
  return true;
}
