/**
 * The packet buffer: one fixed-shape class that every layer reads and writes in place.
 *
 * ```text
 *   bytes  0        HEADROOM                              bytes.length
 *          |  free  |link|network|transport|  payload  |  free  |
 *                   ^start (a received frame)          ^end
 *                        ^network ^transport
 * ```
 *
 * A layer that receives pulls its header off the front of the window; one that sends pushes its own on.
 *
 * @module
 */

import type { Network } from "./ip.ts";

/** Bytes kept free before a payload: Ethernet 14 + VLAN 4 + IPv6 40 + TCP 60 fit. Even, so that headers are aligned. */
export const HEADROOM = 128;

/** To whom the link carried a received packet: this host alone, some hosts, all hosts. */
export type Cast = 0 | 1 | 2;
/** {@linkcode Cast}: to this host alone. */
export const UNICAST = 0;
/** {@linkcode Cast}: to a group. */
export const MULTICAST = 1;
/** {@linkcode Cast}: to everybody. */
export const BROADCAST = 2;

/**
 * A frame and the window of it that the current layer sees.
 *
 * It is lent until `receive` or `transmit` returns: whoever keeps bytes copies them.
 */
export class Packet {
  /** The whole storage; a layer touches only `start` to `end` of it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same storage as 16-bit words in the host's byte order, for checksums. */
  readonly words: Uint16Array<ArrayBuffer>;
  /** First byte of the window. */
  start: number = HEADROOM;
  /** One past the last byte of the window. */
  end: number = HEADROOM;
  /** Where the network header lies in `bytes`; set by the layer that reads or writes it. */
  network: number = 0;
  /** Where the transport header lies in `bytes`; set by the layer that reads or writes it. */
  transport: number = 0;
  /** Who read the network header of a received packet. */
  ip: Network | null = null;
  /** To whom the link carried it. */
  cast: Cast = UNICAST;
  /**
   * Whether the driver takes care of the transport checksum: it vouches for that of a received packet, and finishes that of
   * one that is sent, which holds the folded, non-inverted sum of the pseudo-header.
   */
  verified: boolean = false;
  /**
   * Bytes of data in each TCP segment that the driver cuts a packet into, or in each UDP datagram, but for the last one, of
   * which a received packet holds several; 0 where it is in one piece.
   */
  segment: number = 0;
  /** Where the pool keeps it from; true while it lies there. Only the pool writes it. */
  idle: boolean = false;
  /** The address of `bytes` in the process, or 0 until a driver that hands memory to the system asks the runtime. */
  address: number = 0;

  /** What {@linkcode view} showed last: the window from `#viewStart` to `#viewEnd`. */
  #view: Uint8Array<ArrayBuffer>;
  #viewStart: number = -1;
  #viewEnd: number = 0;

  /**
   * Makes an empty packet.
   *
   * @param capacity Bytes of storage, headroom included; made even.
   */
  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity + (capacity & 1));
    this.words = new Uint16Array(this.bytes.buffer);
    this.#view = this.bytes;
  }

  /** Bytes in the window. */
  get length(): number {
    return this.end - this.start;
  }

  /** Bytes that fit after the start of the window. */
  get room(): number {
    return this.bytes.length - this.start;
  }

  /** Empties the packet, leaving {@linkcode HEADROOM} before the payload, and forgets what was known of it. */
  reset(): void {
    this.start = this.end = HEADROOM;
    this.network = this.transport = 0;
    this.ip = null;
    this.cast = UNICAST;
    this.verified = false;
    this.segment = 0;
  }

  /**
   * Grows the window at its front, for a header to be written.
   *
   * @param size Bytes of the header.
   * @returns Where the header starts in `bytes`.
   */
  push(size: number): number {
    return this.start -= size;
  }

  /**
   * Shrinks the window at its front, past a header that was read.
   *
   * @param size Bytes of the header.
   */
  pull(size: number): void {
    this.start += size;
  }

  /**
   * Reads a byte.
   *
   * @param offset Where, in bytes from the front of the window.
   * @returns The byte.
   */
  u8(offset: number): number {
    return this.bytes[this.start + offset]!;
  }

  /**
   * Reads a big-endian 16-bit field.
   *
   * @param offset Where, in bytes from the front of the window.
   * @returns The field, 0 to 65,535.
   */
  u16(offset: number): number {
    const at = this.start + offset;
    return this.bytes[at]! << 8 | this.bytes[at + 1]!;
  }

  /**
   * Reads a big-endian 32-bit field.
   *
   * @param offset Where, in bytes from the front of the window.
   * @returns The field, as an int32.
   */
  i32(offset: number): number {
    return getI32(this.bytes, this.start + offset);
  }

  /**
   * Writes a byte.
   *
   * @param offset Where, in bytes from the front of the window.
   * @param value The byte; higher bits are cut.
   */
  setU8(offset: number, value: number): void {
    this.bytes[this.start + offset] = value;
  }

  /**
   * Writes a big-endian 16-bit field.
   *
   * @param offset Where, in bytes from the front of the window.
   * @param value The field; higher bits are cut.
   */
  setU16(offset: number, value: number): void {
    const at = this.start + offset;
    this.bytes[at] = value >>> 8;
    this.bytes[at + 1] = value;
  }

  /**
   * Writes a big-endian 32-bit field.
   *
   * @param offset Where, in bytes from the front of the window.
   * @param value The field; higher bits are cut.
   */
  setI32(offset: number, value: number): void {
    setI32(this.bytes, this.start + offset, value);
  }

  /**
   * Empties the packet and copies bytes in as the payload.
   *
   * @param data The payload; it must fit.
   */
  write(data: Uint8Array): void {
    this.reset();
    this.bytes.set(data, this.start);
    this.end = this.start + data.length;
  }

  /**
   * Shows the window as an array that shares the storage; one array for as long as the same window is asked for, for to make
   * one costs as much as to copy 1000 bytes.
   *
   * @returns The window; lent as the packet is.
   */
  view(): Uint8Array<ArrayBuffer> {
    const { start, end } = this;
    if (start !== this.#viewStart || end !== this.#viewEnd) {
      this.#viewStart = start;
      this.#viewEnd = end;
      this.#view = this.bytes.subarray(start, end);
    }
    return this.#view;
  }
}

/**
 * Makes a packet a copy of another one: its window, and all that is known of it.
 *
 * @param packet What becomes the copy.
 * @param other The other packet; its window must fit.
 */
export function copyPacket(packet: Packet, other: Packet): void {
  // Bytes before the window belong to headers already read, which upper layers look back at.
  const from = other.network > 0 && other.network < other.start ? other.network : other.start;
  const start = HEADROOM + ((other.start - from) + 1 & ~1);
  const shift = start - other.start;
  packet.bytes.set(other.bytes.subarray(from, other.end), from + shift);
  packet.start = start;
  packet.end = other.end + shift;
  packet.network = other.network > 0 ? other.network + shift : 0;
  packet.transport = other.transport > 0 ? other.transport + shift : 0;
  packet.ip = other.ip;
  packet.cast = other.cast;
  packet.verified = other.verified;
  packet.segment = other.segment;
}

/**
 * Reads a big-endian 32-bit field.
 *
 * @param bytes Where from.
 * @param at Its first byte.
 * @returns The field, as an int32.
 */
export function getI32(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!;
}

/**
 * Writes a big-endian 32-bit field.
 *
 * @param bytes Where to.
 * @param at Its first byte.
 * @param value The field; higher bits are cut.
 */
export function setI32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Storage of a packet that holds the largest IP datagram (65,535 bytes), in a frame, behind its headroom. */
const LARGE = HEADROOM + 65_554;
/** Large packets kept for use again; the rest is left to the garbage collector. */
const LARGE_KEPT = 8;

/** A free list of packets, so that a warm stack allocates nothing per packet. */
export class PacketPool {
  readonly #free: Packet[] = [];
  readonly #large: Packet[] = [];
  readonly #capacity: number;
  /** Packets taken and not given back; 0 between turns unless a layer queues some. */
  taken: number = 0;

  /**
   * Makes an empty pool.
   *
   * @param frame Bytes of the largest frame that a packet must hold.
   */
  constructor(frame: number) {
    this.#capacity = HEADROOM + frame;
  }

  /**
   * Takes a packet; whoever takes it gives it back.
   *
   * @param size Bytes it must hold after the headroom, at most 65,553; a frame's when left out.
   * @returns An empty packet.
   */
  take(size: number = 0): Packet {
    this.taken++;
    const large = size > this.#capacity - HEADROOM;
    const packet = (large ? this.#large : this.#free).pop() ?? new Packet(large ? LARGE : this.#capacity);
    packet.idle = false;
    packet.reset();
    return packet;
  }

  /**
   * Gives a packet back.
   *
   * @param packet The packet; the caller lets go of it.
   */
  give(packet: Packet): void {
    if (packet.idle) throw new Error("A packet was given back twice");
    packet.idle = true;
    this.taken--;
    if (packet.bytes.length <= this.#capacity + 1) this.#free.push(packet);
    else if (this.#large.length < LARGE_KEPT) this.#large.push(packet);
  }
}
