/**
 * What every plugin is made from: a driver that hands everything on.
 *
 * @module
 */

import type { Driver, Medium, Offload } from "./driver.ts";
import type { Packet } from "./packet.ts";

/**
 * A driver around another one that hands everything on; a plugin overrides what it watches or changes.
 *
 * A member that {@linkcode Driver} gains later passes through plugins written before.
 */
export class DriverWrapper<M extends Medium = Medium> implements Driver<M> {
  /** Its name in messages and captures. */
  readonly name: string;
  /** What it carries. */
  readonly medium: M;
  /** Bytes of the largest packet, without the Ethernet header. */
  readonly mtu: number;
  /** What it does for the stack. */
  readonly offload: Offload;
  /** What the inner driver counts. */
  readonly counters?: object;
  /** Lets only packets through that a program of classic BPF takes, where the inner driver can. */
  readonly filter?: (program: Uint8Array) => boolean;
  /** The driver inside. */
  protected readonly inner: Driver<M>;

  /**
   * Wraps a driver.
   *
   * @param inner The driver.
   */
  constructor(inner: Driver<M>) {
    this.inner = inner;
    this.name = inner.name;
    this.medium = inner.medium;
    this.mtu = inner.mtu;
    this.offload = inner.offload;
    if (inner.counters) this.counters = inner.counters;
    if (inner.filter) this.filter = (program) => inner.filter!(program);
  }

  /** Fills an empty packet with the next one received. */
  receive(packet: Packet): boolean {
    return this.inner.receive(packet);
  }

  /** Sends a packet's window. */
  transmit(packet: Packet): boolean {
    return this.inner.transmit(packet);
  }

  /** Packets that `transmit` takes now before it drops. */
  room(): number {
    return this.inner.room();
  }

  /** Ends a turn. */
  flush(): void {
    this.inner.flush();
  }

  /** Tells when the driver wants a turn without anybody's doing. */
  next(): number {
    return this.inner.next ? this.inner.next() : Infinity;
  }

  /** Waits until there is a packet to receive, room to send again, or `ms` have passed. */
  wait(ms: number): Promise<void> {
    return this.inner.wait(ms);
  }

  /** Ends a wait that is under way, now. */
  wake(): void {
    this.inner.wake();
  }

  /** Lets go of the device. */
  close(): void {
    this.inner.close();
  }
}
