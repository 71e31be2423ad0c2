/**
 * Packets to ourselves: they come in at the end of the turn, never from within a send.
 *
 * @module
 */

import type { Neighbour, Receiver } from "./driver.ts";
import { copyPacket, type Packet } from "./packet.ts";
import type { Core, Sender } from "./protocol.ts";

/** Packets that may wait. */
const MOST = 256;

/** The neighbour that we are to ourselves. */
export class Loopback implements Neighbour, Sender {
  /** It never ends. */
  readonly live: boolean = true;
  /** Whether it stands in the queue of senders. */
  queued: boolean = false;
  readonly #core: Core;
  readonly #receiver: Receiver;
  readonly #queue: Packet[] = [];

  /**
   * Makes the neighbour.
   *
   * @param core The core.
   * @param receiver Who reads the packets.
   */
  constructor(core: Core, receiver: Receiver) {
    this.#core = core;
    this.#receiver = receiver;
    core.onClose(() => {
      for (const packet of this.#queue.splice(0)) core.pool.give(packet);
    });
  }

  /** Queues a copy of a packet. */
  transmit(packet: Packet): boolean {
    if (this.#queue.length >= MOST) return false;
    const copy = this.#core.pool.take(packet.length);
    copyPacket(copy, packet);
    this.#queue.push(copy);
    this.#core.ready(this);
    return true;
  }

  /** Delivers what was queued before; what that sends waits for the next round. */
  send(): boolean {
    for (const packet of this.#queue.splice(0)) {
      this.#receiver.receive(packet);
      this.#core.pool.give(packet);
    }
    return this.#queue.length > 0;
  }
}
