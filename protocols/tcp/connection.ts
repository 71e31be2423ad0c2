/**
 * A connection as its user sees it.
 *
 * @module
 */

import { NetError } from "../../core/net_error.ts";
import type { TcpConnection, TcpEndpoint, TcpUser } from "../tcp.ts";
import { end } from "./end.ts";
import { armFinWait2 } from "./acknowledge.ts";
import { sendReset } from "./emit.ts";
import { afterRead } from "./window.ts";
import { distance, later } from "./sequence.ts";
import {
  CLOSE_WAIT,
  CLOSED,
  CLOSING,
  ESTABLISHED,
  FIN_WAIT_2,
  LAST_ACK,
  SYN_RECEIVED,
  SYN_SENT,
  TIME_WAIT,
} from "./state.ts";
import { EVENT_CLOSED, EVENT_OPENED, EVENT_READABLE, EVENT_URGENT, EVENT_WRITABLE, type Tcb } from "./tcb.ts";

/** A connection as its user sees it. */
export class Connection implements TcpConnection {
  /** Who hears what happens to the connection. */
  user: TcpUser | null;
  readonly #tcb: Tcb;
  #local: TcpEndpoint | null = null;
  #remote: TcpEndpoint | null = null;

  /**
   * Shows a block.
   *
   * @param tcb The block.
   * @param user Who uses it.
   */
  constructor(tcb: Tcb, user: TcpUser | null) {
    this.#tcb = tcb;
    this.user = user;
    tcb.connection = this;
  }

  /** Our end. */
  get local(): TcpEndpoint {
    const { path, localPort } = this.#tcb;
    return this.#local ??= { hostname: path.network.format(path.source), port: localPort };
  }

  /** The other end. */
  get remote(): TcpEndpoint {
    const { path, remotePort } = this.#tcb;
    return this.#remote ??= { hostname: path.network.format(path.destination), port: remotePort };
  }

  /** Bytes received in order and not read yet. */
  get readable(): number {
    return this.#tcb.receiveBuffer.readable;
  }

  /** Whether the peer has closed its direction and everything before was read. */
  get readEnded(): boolean {
    const { finSeen, rcvNxt, rcvFin, receiveBuffer } = this.#tcb;
    return finSeen && distance(rcvNxt, rcvFin) > 0 && receiveBuffer.readable === 0;
  }

  /** Bytes that `write` takes now. */
  get writable(): number {
    const { state, finQueued, sendBuffer } = this.#tcb;
    if (finQueued || state === CLOSED || state > CLOSE_WAIT) return 0;
    return sendBuffer.limit - sendBuffer.size;
  }

  /** Bytes written that the peer has not acknowledged yet. */
  get unacknowledged(): number {
    return this.#tcb.sendBuffer.size;
  }

  /** Whether the connection is over. */
  get closed(): boolean {
    return this.#tcb.state === CLOSED || this.#tcb.state === TIME_WAIT;
  }

  /** Why the connection ended. */
  get error(): NetError | null {
    return this.closed ? this.#tcb.error : null;
  }

  /** The smoothed round-trip time, in milliseconds; 0 before it was measured. */
  get roundTripTime(): number {
    return this.#tcb.rtt.srtt;
  }

  /** Copies received bytes out. */
  read(target: Uint8Array): number {
    const length = this.#tcb.receiveBuffer.read(target);
    if (length > 0) afterRead(this.#tcb);
    return length;
  }

  /** Shows received bytes where they lie. */
  peek(): Uint8Array {
    return this.#tcb.receiveBuffer.peek();
  }

  /** Lets go of received bytes that were used. */
  consume(size: number): void {
    if (!(size >= 0 && size <= this.readable)) {
      throw new RangeError(`Cannot consume ${size} bytes: ${this.readable} are readable`);
    }
    if (size === 0) return;
    this.#tcb.receiveBuffer.consume(size);
    afterRead(this.#tcb);
  }

  /** Queues bytes for sending. */
  write(data: Uint8Array): number {
    const tcb = this.#tcb;
    const length = Math.min(data.length, this.writable);
    if (length > 0) {
      tcb.sendBuffer.put(tcb.sendBuffer.size, data, 0, length);
      tcb.sendBuffer.size += length;
      tcb.shared.core.ready(tcb);
    }
    if (length < data.length) tcb.wantsWritable = true;
    return length;
  }

  /** Queues bytes and marks them as urgent (RFC 9293, 3.8.5; RFC 6093 advises new programs against it). */
  writeUrgent(data: Uint8Array): number {
    const length = this.write(data);
    const tcb = this.#tcb;
    if (length > 0) {
      tcb.sndUp = later(tcb.sndUp, tcb.sndUna + tcb.sendBuffer.size + (tcb.sndUna === tcb.iss ? 1 : 0) | 0);
    }
    return length;
  }

  /** Closes our direction after what is queued. */
  closeWrite(): void {
    const tcb = this.#tcb;
    if (tcb.finQueued || tcb.state === CLOSED || tcb.state > CLOSE_WAIT) return;
    tcb.finQueued = true;
    tcb.shared.core.ready(tcb);
  }

  /** Closes both directions. */
  close(): void {
    const tcb = this.#tcb;
    if (tcb.readClosed || tcb.state === CLOSED) return;
    tcb.readClosed = true;
    if (tcb.state === SYN_SENT) return end(tcb, null);
    // Bytes that came and will not be read: the peer must not believe that they were used (RFC 1122, 4.2.2.13).
    if (tcb.receiveBuffer.readable > 0 && tcb.sendBuffer.size === 0 && tcb.state < CLOSING) return this.abort();
    tcb.receiveBuffer.clear();
    this.closeWrite();
    if (tcb.state === FIN_WAIT_2) armFinWait2(tcb);
  }

  /** Ends the connection at once with a reset. */
  abort(): void {
    const tcb = this.#tcb;
    if (tcb.state === CLOSED) return;
    // In the last states the peer has been told everything: a reset would only harm (RFC 9293, 3.10.5).
    if (tcb.state !== TIME_WAIT && tcb.state !== LAST_ACK && tcb.state !== CLOSING) sendReset(tcb);
    end(tcb, new NetError("ECONNABORTED", "Connection was aborted by this side"));
  }

  /** Switches Nagle's algorithm off or on. */
  setNoDelay(noDelay: boolean): void {
    this.#tcb.noDelay = noDelay;
    if (noDelay) this.#tcb.shared.core.ready(this.#tcb);
  }

  /** Switches keepalive probes on or off. */
  setKeepAlive(idle: number | false): void {
    const tcb = this.#tcb;
    if (idle !== false && !(idle > 0)) {
      throw new RangeError(`Cannot keep alive every ${idle} ms: give 1 or more, or false`);
    }
    tcb.keepAlive = idle || 0;
    const { core } = tcb.shared;
    if (idle && tcb.state >= ESTABLISHED) core.timers.arm(tcb.keepAliveTimer(), core.now() + idle);
  }

  /** Sets how long data may stay unanswered. */
  setUserTimeout(ms: number): void {
    if (!(ms > 0)) throw new RangeError(`User timeout must be above 0 ms, not ${ms}`);
    this.#tcb.timeout = ms;
  }

  /** Sets the Traffic Class or TOS byte of what is sent. */
  setTrafficClass(value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > 255) {
      throw new RangeError(`Traffic class must be an integer of 0 to 255, not ${value}`);
    }
    this.#tcb.path.trafficClass = value;
  }

  /** Tells the user what happened. Only the layer calls it. */
  deliver(): void {
    const tcb = this.#tcb;
    const { events } = tcb;
    tcb.events = 0;
    try {
      if (events & EVENT_OPENED) {
        if (tcb.listener) {
          const { listener } = tcb;
          tcb.listener = null;
          listener.accept(tcb, this);
        } else this.user?.opened?.(this);
      }
      if (events & EVENT_URGENT) {
        this.user?.urgent?.(this, Math.max(distance(tcb.rcvUp, tcb.rcvNxt) + this.readable, 0));
      }
      if (events & EVENT_READABLE && !tcb.readClosed) this.user?.readable?.(this);
      if (events & EVENT_WRITABLE && tcb.state !== CLOSED) this.user?.writable?.(this);
    } catch (error) {
      tcb.shared.core.report(error);
    }
    if (events & EVENT_CLOSED) {
      const { user } = this;
      this.user = null;
      try {
        user?.closed?.(this, tcb.error);
      } catch (error) {
        tcb.shared.core.report(error);
      }
    }
    // What a callback raised comes with the next round.
    if (tcb.events !== 0 && tcb.state !== SYN_RECEIVED) tcb.shared.core.ready(tcb);
  }
}
