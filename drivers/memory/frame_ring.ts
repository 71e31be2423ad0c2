/**
 * A bounded queue of frames that copies them in and out of slots which it keeps.
 *
 * @module
 */

import { HEADROOM, type Packet } from "../../core/packet.ts";

/** Bytes up to which a frame counts as short: an acknowledgement with all its headers does. */
const SHORT = 128;

/** A window of a packet that was sent, kept because the next one is often the same: a stack fills one packet over and over. */
class Window {
  #packet: Packet | null = null;
  #start: number = 0;
  #end: number = 0;
  #view: Uint8Array = new Uint8Array(0);

  view(packet: Packet): Uint8Array {
    if (this.#packet !== packet || this.#start !== packet.start || this.#end !== packet.end) {
      this.#packet = packet;
      this.#start = packet.start;
      this.#end = packet.end;
      this.#view = packet.view();
    }
    return this.#view;
  }
}

/**
 * Frames in order of arrival.
 *
 * A slot is made when a burst first reaches it, and an empty ring starts at its first slot again: an idle wire costs next
 * to nothing, and a busy one stays within as few cache lines as its bursts need.
 */
export class FrameRing {
  /** Frames that it holds at most. */
  readonly capacity: number;
  /** Bytes of the largest frame. */
  readonly frame: number;
  /** Frames in it. */
  size: number = 0;
  readonly #slots: Uint8Array<ArrayBuffer>[] = [];
  readonly #lengths: Uint32Array<ArrayBuffer>;
  #head: number = 0;
  // Data and acknowledgements alternate, and each kind keeps its size.
  #long: Window = new Window();
  #short: Window = new Window();

  /**
   * Makes an empty ring.
   *
   * @param capacity Frames that it holds at most.
   * @param frame Bytes of the largest frame.
   */
  constructor(capacity: number, frame: number) {
    this.capacity = capacity;
    this.frame = frame;
    this.#lengths = new Uint32Array(capacity);
  }

  /** Frames that still fit. */
  get free(): number {
    return this.capacity - this.size;
  }

  /**
   * Copies a packet's window in; the ring must have room, and the window must fit a frame.
   *
   * @param packet The packet.
   */
  push(packet: Packet): void {
    let place = this.#head + this.size;
    if (place >= this.capacity) place -= this.capacity;
    // Places are first used in order, for the ring wraps only after it reached its last one.
    const slot = this.#slots[place] ?? this.#grow(place);
    const length = packet.length;
    slot.set((length > SHORT ? this.#long : this.#short).view(packet));
    this.#lengths[place] = length;
    this.size++;
  }

  #grow(place: number): Uint8Array<ArrayBuffer> {
    const slot = new Uint8Array(this.frame);
    this.#slots[place] = slot;
    return slot;
  }

  /**
   * Moves the oldest frame into an empty packet, from {@linkcode HEADROOM} on; one that does not fit is cut.
   *
   * @param packet The packet, just reset.
   * @returns False when the ring is empty.
   */
  pop(packet: Packet): boolean {
    if (this.size === 0) return false;
    const slot = this.#slots[this.#head]!;
    const bytes = packet.bytes;
    let length = this.#lengths[this.#head]!;
    if (slot.length <= packet.room) {
      // The whole slot costs less than a view of the part that counts.
      bytes.set(slot, HEADROOM);
    } else {
      length = Math.min(length, packet.room);
      bytes.set(slot.subarray(0, length), HEADROOM);
    }
    packet.end = HEADROOM + length;
    this.size--;
    if (this.size === 0 || ++this.#head === this.capacity) this.#head = 0;
    return true;
  }

  /** Drops every frame and lets go of the slots. */
  clear(): void {
    this.size = this.#head = 0;
    this.#slots.length = 0;
    this.#long = new Window();
    this.#short = new Window();
  }
}
