/**
 * What the live stack got of the recorded peer, and what is made up in the peer's name.
 *
 * @module
 */

import type { Medium } from "../../core/driver.ts";
import { getI32, setI32 } from "../../core/packet.ts";
import type { Headers } from "./headers.ts";
import { FIN, NOP, RST, STAMPS, SYN } from "./tcp_header.ts";

/** A segment to be made up. */
export interface MadeUp {
  /** Its sequence number. */
  readonly seq: number;
  /** Its flags. */
  readonly flags: number;
  /** The live stack's port. */
  readonly port: number;
  /** What it carries. */
  readonly payload: Uint8Array;
  /** The timestamp that it echoes; null when the live stack did not agree to timestamps. */
  readonly echo: number | null;
  /** Makes the live stack's window of the peer's. */
  readonly window: (window: number) => number;
}

/** The peer's side, as the live stack knows it. */
export class PlayedSide {
  /** Whether one of its segments went to the live stack. */
  begun: boolean = false;
  /** One past the highest number that went to the live stack. */
  next: number = 0;
  /** What it acknowledged, in the live stack's numbers. */
  acked: number = 0;
  /** Its highest timestamp; null when it had none. */
  stamp: number | null = null;
  /** Whether it has reset the connection. */
  reset: boolean = false;
  /** Whether it has ended its direction. */
  fin: boolean = false;
  #template: Uint8Array | null = null;

  /**
   * Takes note of a segment that goes to the live stack.
   *
   * @param segment The segment.
   * @param recorded The packet as it was recorded.
   */
  observe(segment: Headers, recorded: Uint8Array): void {
    const { flags } = segment;
    this.begun = true;
    this.#template = recorded;
    const end = segment.seq + segment.extent | 0;
    if (flags & SYN || (end - this.next | 0) > 0) this.next = end;
    if (flags & RST) this.reset = true;
    if (flags & FIN) this.fin = true;
    const stamp = segment.option(STAMPS, 10);
    if (stamp < 0) return;
    const value = getI32(segment.bytes, stamp + 2);
    if (this.stamp === null || (value - this.stamp | 0) > 0) this.stamp = value;
  }

  /**
   * Makes a segment up, in the likeness of the last one that was recorded.
   *
   * @param headers Reads the packet while it is made.
   * @param medium What it begins with.
   * @param segment What it says.
   * @returns The packet, but for its checksums; null when the peer has not said anything that could be copied.
   */
  compose(headers: Headers, medium: Medium, segment: MadeUp): Headers | null {
    const { seq, flags, port, payload, echo, window } = segment;
    if (!this.#template) return null;
    const bytes = new Uint8Array(this.#template.length + 32 + payload.length);
    bytes.set(this.#template);
    headers.read(bytes, 0, this.#template.length, medium);
    const { transport, network, version } = headers;
    // The window of a SYN is not scaled.
    const room = headers.flags & SYN ? headers.u16(14) : window(headers.u16(14));
    let size = 20;
    if (echo !== null && this.stamp !== null) {
      bytes.set([NOP, NOP, STAMPS, 10], transport + 20);
      setI32(bytes, transport + 24, this.stamp);
      setI32(bytes, transport + 28, echo);
      size = 32;
    }
    set16(bytes, transport + 2, port);
    setI32(bytes, transport + 4, seq);
    setI32(bytes, transport + 8, this.acked);
    bytes[transport + 12] = size << 2;
    bytes[transport + 13] = flags;
    set16(bytes, transport + 14, room);
    set16(bytes, transport + 18, 0);
    bytes.set(payload, transport + size);
    headers.end = transport + size + payload.length;
    if (version === 6) set16(bytes, network + 4, headers.end - network - 40);
    else set16(bytes, network + 2, headers.end - network);
    return headers;
  }
}

function set16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}
