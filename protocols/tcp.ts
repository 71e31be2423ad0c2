/**
 * TCP (RFC 9293).
 *
 * @module
 */

import type { NetError } from "../core/net_error.ts";

/** One end of a TCP connection. */
export interface TcpEndpoint {
  /** The address, in text. */
  readonly hostname: string;
  /** The port, 1 to 65,535. */
  readonly port: number;
}

/**
 * A TCP connection as protocols above TCP see it: everything returns at once, nothing is promised.
 *
 * What is written is queued and leaves at the end of the turn, so that small writes of one turn share segments and an
 * answer carries the acknowledgement of its question.
 */
export interface TcpConnection {
  /** Our end. */
  readonly local: TcpEndpoint;
  /** The other end. */
  readonly remote: TcpEndpoint;
  /** Who hears what happens to the connection. */
  user: TcpUser | null;
  /** Bytes received in order and not read yet. */
  readonly readable: number;
  /** Whether the peer has closed its direction and everything before was read. */
  readonly readEnded: boolean;
  /** Bytes that `write` takes now; 0 once our direction is closed. */
  readonly writable: number;
  /** Bytes written that the peer has not acknowledged yet. */
  readonly unacknowledged: number;
  /** Whether the connection is over: nothing moves in either direction any more. */
  readonly closed: boolean;
  /** Why the connection ended, where that was no orderly close. */
  readonly error: NetError | null;
  /**
   * Copies received bytes out.
   *
   * @param target Where to.
   * @returns Bytes copied; 0 when there are none now.
   */
  read(target: Uint8Array): number;
  /**
   * Shows received bytes where they lie: the first run of them in memory, which may not be all.
   *
   * @returns The bytes, lent until `consume`, or until the callback that runs now returns; empty when there are none.
   */
  peek(): Uint8Array;
  /**
   * Lets go of received bytes that were used.
   *
   * @param size How many, at most `readable`.
   */
  consume(size: number): void;
  /**
   * Queues bytes for sending; they are copied.
   *
   * @param data The bytes.
   * @returns How many were taken; when fewer than given, `user.writable` is called once there is room again.
   */
  write(data: Uint8Array): number;
  /** Closes our direction after what is queued (FIN); the peer may go on sending. */
  closeWrite(): void;
  /** Closes both directions: what is queued is still sent, what the peer still sends is refused with a reset. */
  close(): void;
  /** Ends the connection at once with a reset. */
  abort(): void;
  /** Switches Nagle's algorithm (RFC 9293, 3.7.4) off or on; it is on at first. */
  setNoDelay(noDelay: boolean): void;
  /**
   * Switches keepalive probes (RFC 9293, 3.8.4) on or off; they are off at first.
   *
   * @param idle Milliseconds without traffic before the first probe, or false.
   */
  setKeepAlive(idle: number | false): void;
}

/** Hears what happens to a connection; called at the end of a turn's batch, so that it may write and close at once. */
export interface TcpUser {
  /** The connection is established (the opening side only). */
  opened?(connection: TcpConnection): void;
  /** There is more to read, or the peer has closed its direction: `readEnded`. */
  readable?(connection: TcpConnection): void;
  /** There is room again after a `write` that did not take all, or everything written has been acknowledged. */
  writable?(connection: TcpConnection): void;
  /**
   * The connection is over; nothing is called after this.
   *
   * @param connection The connection.
   * @param error Why, where that was no orderly close: `ECONNRESET`, `ETIMEDOUT`, `ECONNREFUSED`, `EHOSTUNREACH`, ….
   */
  closed?(connection: TcpConnection, error: NetError | null): void;
}

/** Where to accept connections. */
export interface TcpListenOptions {
  /** The port, 1 to 65,535; a free one is chosen for 0. */
  readonly port: number;
  /** One of our addresses; all of them when left out, or for `"0.0.0.0"` and `"::"`. */
  readonly hostname?: string;
  /** Connections that may wait to be accepted, handshakes that are under way included; 128 when left out. */
  readonly backlog?: number;
}

/** Where to connect to. */
export interface TcpConnectOptions {
  /** The host's address. */
  readonly hostname: string;
  /** Its port, 1 to 65,535. */
  readonly port: number;
  /** Which of our addresses to use; chosen by the route when left out. */
  readonly localHostname?: string;
  /** Which of our ports to use; a free one when left out. */
  readonly localPort?: number;
}

/** A port that accepts connections. */
export interface TcpAcceptor {
  /** Where it accepts. */
  readonly local: TcpEndpoint;
  /** Stops accepting; connections that were accepted go on. */
  close(): void;
}
