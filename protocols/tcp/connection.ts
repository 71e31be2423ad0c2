/**
 * A connection as its user sees it.
 *
 * @module
 */

import { NetError } from "../../core/net_error.ts";
import type { TcpConnection, TcpEndpoint, TcpUser } from "../tcp.ts";
import { sendReset } from "./emit.ts";
import { end } from "./end.ts";
import { checkInteger } from "./ports.ts";
import { before, distance } from "./sequence.ts";
import { CLOSED, CLOSING, FIN_WAIT_2, SYN_SENT } from "./state.ts";
import {
  EVENT_CLOSED,
  EVENT_OPENED,
  EVENT_READABLE,
  EVENT_URGENT,
  EVENT_WRITABLE,
  FIN_WAIT_2_TIMEOUT,
  Tcb,
} from "./tcb.ts";
import { afterRead } from "./window.ts";

/** A connection: its block, with what its user does. */
export class Connection extends Tcb implements TcpConnection {
  /** Who hears what happens to the connection. */
  user: TcpUser | null = null;

  /** Our end. */
  get local(): TcpEndpoint {
    return { hostname: this.path.network.format(this.path.source), port: this.localPort };
  }

  /** The other end. */
  get remote(): TcpEndpoint {
    return { hostname: this.path.network.format(this.path.destination), port: this.remotePort };
  }

  /** Bytes received in order and not read yet. */
  get readable(): number {
    return this.receiveBuffer.size;
  }

  /** Whether the peer has closed its direction and everything before was read. */
  get readEnded(): boolean {
    // What a reset took away is no end.
    return !this.error && this.finSeen && before(this.rcvFin, this.rcvNxt) && this.readable === 0;
  }

  /** Bytes that `write` takes now. */
  get writable(): number {
    return this.finQueued || this.closed ? 0 : this.sendBuffer.limit - this.sendBuffer.size;
  }

  /** Bytes written that the peer has not acknowledged yet. */
  get unacknowledged(): number {
    return this.sendBuffer.size;
  }

  /** Whether the connection is over. */
  get closed(): boolean {
    return this.state === CLOSED;
  }

  /** Why the connection ended. */
  get error(): NetError | null {
    return this.closed ? this.fault : null;
  }

  /** The smoothed round-trip time, in milliseconds; 0 before it was measured. */
  get roundTripTime(): number {
    return this.rtt.srtt;
  }

  /** Copies received bytes out. */
  read(target: Uint8Array): number {
    const length = Math.min(target.length, this.readable);
    if (length > 0) {
      this.receiveBuffer.get(0, target, 0, length);
      this.receiveBuffer.drop(length);
      afterRead(this);
    }
    return length;
  }

  /** Shows received bytes where they lie. */
  peek(): Uint8Array {
    return this.receiveBuffer.peek();
  }

  /** Lets go of received bytes that were used. */
  consume(size: number): void {
    if (!(size >= 0 && size <= this.readable)) {
      throw new RangeError(`Cannot consume ${size} bytes: ${this.readable} are readable`);
    }
    if (size === 0) return;
    this.receiveBuffer.drop(size);
    afterRead(this);
  }

  /** Queues bytes for sending. */
  write(data: Uint8Array): number {
    const { sendBuffer } = this;
    const length = Math.min(data.length, this.writable);
    if (length > 0) {
      sendBuffer.put(sendBuffer.size, data, 0, length);
      sendBuffer.size += length;
      this.wake();
    }
    if (length < data.length) this.wantsWritable = true;
    return length;
  }

  /** Queues bytes and marks them as urgent (RFC 9293, 3.8.5; RFC 6093 advises new programs against it). */
  writeUrgent(data: Uint8Array): number {
    const length = this.write(data);
    if (length > 0) this.sndUp = this.sndUna + this.sendBuffer.size + (this.opening ? 1 : 0) | 0;
    return length;
  }

  /** Closes our direction after what is queued. */
  closeWrite(): void {
    if (this.finQueued || this.closed) return;
    this.finQueued = true;
    this.wake();
  }

  /** Closes both directions. */
  close(): void {
    if (this.readClosed || this.closed) return;
    this.readClosed = true;
    if (this.state === SYN_SENT) return end(this, null);
    // Bytes that came and will not be read: the peer must not believe that they were used (RFC 1122, 4.2.2.13).
    if (this.readable > 0 && this.sendBuffer.size === 0 && this.state < CLOSING) return this.abort();
    this.receiveBuffer.clear();
    this.closeWrite();
    if (this.state === FIN_WAIT_2) this.due(FIN_WAIT_2_TIMEOUT);
  }

  /** Ends the connection at once with a reset. */
  abort(): void {
    if (this.closed) return;
    // In the last states the peer has been told everything: a reset would only harm (RFC 9293, 3.10.5).
    if (this.state < CLOSING) sendReset(this);
    end(this, new NetError("ECONNABORTED", "Connection was aborted by this side"));
  }

  /** Switches Nagle's algorithm off or on. */
  setNoDelay(noDelay: boolean): void {
    this.noDelay = noDelay;
    this.wake();
  }

  /** Switches keepalive probes on or off. */
  setKeepAlive(idle: number | false): void {
    if (idle !== false && !(idle > 0)) {
      throw new RangeError(`Cannot keep alive every ${idle} ms: give 1 or more, or false`);
    }
    this.keepAlive = idle || Infinity;
    this.keepAliveAt = this.shared.core.now() + this.keepAlive;
    if (!this.closed) this.arm();
  }

  /** Sets how long data may stay unanswered. */
  setUserTimeout(ms: number): void {
    if (!(ms > 0)) throw new RangeError(`User timeout must be above 0 ms, not ${ms}`);
    this.timeout = ms;
  }

  /** Sets the Traffic Class or TOS byte of what is sent. */
  setTrafficClass(value: number): void {
    this.path.trafficClass = checkInteger("Traffic class", value, 0, 255);
  }

  /** Tells the user what happened. Only the end of a turn calls it. */
  deliver(): void {
    const { events, listener, shared: { core } } = this;
    this.events = 0;
    try {
      if (events & EVENT_OPENED) {
        this.listener = null;
        if (listener) listener.accept(this);
        else this.user?.opened?.(this);
      }
      if (events & EVENT_URGENT) {
        this.user?.urgent?.(this, Math.max(distance(this.rcvUp, this.rcvNxt) + this.readable, 0));
      }
      if (events & EVENT_READABLE && !this.readClosed && !this.error) this.user?.readable?.(this);
      if (events & EVENT_WRITABLE && !this.closed) this.user?.writable?.(this);
    } catch (error) {
      core.report(error);
    }
    if (!(events & EVENT_CLOSED)) return;
    const { user } = this;
    this.user = null;
    try {
      user?.closed?.(this, this.fault);
    } catch (error) {
      core.report(error);
    }
  }
}
