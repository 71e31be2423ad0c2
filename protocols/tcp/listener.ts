/**
 * Passive opens: a port that accepts connections, with its backlog (RFC 9293, 3.10.1; RFC 4987).
 *
 * @module
 */

import type { IpAddress } from "../../core/ip.ts";
import type { TcpAcceptor, TcpConnection, TcpEndpoint, TcpUser } from "../tcp.ts";
import type { Connection } from "./connection.ts";
import { end } from "./end.ts";
import { SYN_RECEIVED } from "./state.ts";
import type { Tcb } from "./tcb.ts";

/** A port that accepts connections. */
export class Listener implements TcpAcceptor {
  /** Connections that wait for the app to take them, where the app takes them one by one. */
  waiting: number = 0;
  /** Whether it was closed. */
  closed: boolean = false;
  /** Hears that it was closed. */
  onClose: (() => void) | null = null;
  /** Handshakes under way, the oldest first. */
  readonly #halfOpen: Set<Tcb> = new Set();

  /**
   * Makes a listener.
   *
   * @param local Where it accepts.
   * @param address The address that it accepts for; null for all of ours.
   * @param backlog Connections that may wait, half-open ones included.
   * @param onConnection Takes each connection.
   * @param forget Takes the listener out of the layer.
   */
  constructor(
    readonly local: TcpEndpoint,
    readonly address: IpAddress | null,
    readonly backlog: number,
    readonly onConnection: (connection: TcpConnection) => TcpUser | null,
    readonly forget: (listener: Listener) => void,
  ) {}

  /**
   * Makes room for one more handshake: where the backlog is full of handshakes, the oldest gives way without a word, so that
   * SYNs that nobody means cannot lock others out (RFC 4987, 3.3).
   *
   * @returns False when the backlog is full of connections that the app has not taken.
   */
  makeRoom(): boolean {
    if (this.#halfOpen.size + this.waiting < this.backlog) return true;
    for (const oldest of this.#halfOpen) {
      if (oldest.state !== SYN_RECEIVED) continue;
      end(oldest, null);
      return true;
    }
    return false;
  }

  /**
   * A handshake has begun.
   *
   * @param tcb Its connection.
   */
  halfOpened(tcb: Tcb): void {
    tcb.listener = this;
    this.#halfOpen.add(tcb);
  }

  /**
   * A handshake that this listener began is over, whichever way.
   *
   * @param tcb Its connection.
   */
  halfOpenEnded(tcb: Tcb): void {
    this.#halfOpen.delete(tcb);
  }

  /**
   * Hands a connection to the app.
   *
   * @param connection The connection.
   */
  accept(connection: Connection): void {
    this.#halfOpen.delete(connection);
    if (this.closed) connection.abort();
    else connection.user = this.onConnection(connection);
  }

  /** Stops accepting. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.forget(this);
    this.onClose?.();
  }
}
