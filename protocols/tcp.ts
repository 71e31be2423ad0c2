/**
 * TCP (RFC 9293).
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 * import { tcp } from "@bonsai/net/protocols/tcp";
 *
 * const [driver] = memory("ip");
 * const net = stack({ driver, protocols: [ipv4({ address: "10.0.0.2/24" }), tcp()] });
 * for await (const conn of net.tcp.listen({ port: 7 })) conn.readable.pipeTo(conn.writable).catch(console.error);
 * ```
 *
 * @module
 */

import type { Ip } from "../core/ip.ts";
import type { NetError } from "../core/net_error.ts";
import type { Protocol } from "../core/protocol.ts";
import { PassiveLayer } from "./tcp/passive.ts";
import { settle, type TcpOptions } from "./tcp/settings.ts";

export { type Congestion, type CongestionControl, newReno } from "./tcp/congestion.ts";
export type { TcpCounters } from "./tcp/counters.ts";
export { TCP_OPTIONS, type TcpOptions } from "./tcp/settings.ts";

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
  /** The smoothed round-trip time SRTT, in milliseconds; 0 before it was measured (RFC 6298). */
  readonly roundTripTime: number;
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
  /**
   * Queues bytes for sending and marks their end as the end of urgent data (RFC 9293, 3.8.5), which RFC 6093 advises new
   * programs against.
   *
   * @param data The bytes.
   * @returns How many were taken.
   */
  writeUrgent(data: Uint8Array): number;
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
  /**
   * Sets how long data may stay unanswered before the connection ends (R2, the user timeout; RFC 9293, MUST-21).
   *
   * @param ms Milliseconds, above 0.
   */
  setUserTimeout(ms: number): void;
  /**
   * Sets the Traffic Class or TOS byte of what is sent: DSCP in its upper six bits (RFC 9293, MUST-48; RFC 2474).
   *
   * @param value 0 to 255.
   */
  setTrafficClass(value: number): void;
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
   * The peer has marked data as urgent (RFC 9293, 3.8.5); it is read in line with the rest.
   *
   * @param connection The connection.
   * @param ahead Bytes to read up to the end of the urgent data.
   */
  urgent?(connection: TcpConnection, ahead: number): void;
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
  /** Connections that may wait to be accepted, handshakes that are under way included; 1,024 when left out. */
  readonly backlog?: number;
}

/** Where to connect to. */
export interface TcpConnectOptions {
  /** The host's address; `connect` takes its name too where the stack has a resolver, `dns()`. */
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

/** The address of one end, in the shape of `Deno.NetAddr`. */
export interface TcpNetAddr extends TcpEndpoint {
  /** Always TCP. */
  readonly transport: "tcp";
}

/** A connection in the shape of `Deno.TcpConn`. */
export interface TcpConn extends Disposable {
  /** Our end. */
  readonly localAddr: TcpNetAddr;
  /** The other end. */
  readonly remoteAddr: TcpNetAddr;
  /** What comes in, as a stream; it ends when the peer closes. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** What goes out, as a stream; closing it closes our direction. */
  readonly writable: WritableStream<Uint8Array>;
  /**
   * Reads bytes as they come.
   *
   * @param target Where to.
   * @returns How many; null once the peer has closed.
   * @throws {NetError} When the connection was lost.
   */
  read(target: Uint8Array): Promise<number | null>;
  /**
   * Writes bytes; waits for room.
   *
   * @param data The bytes; they are copied.
   * @returns How many were taken, one at least.
   * @throws {NetError} When the connection was lost or closed.
   */
  write(data: Uint8Array): Promise<number>;
  /** Closes our direction after what was written; the peer may go on sending. */
  closeWrite(): Promise<void>;
  /** Closes both directions; what was written is still sent. */
  close(): void;
  /** Ends the connection at once with a reset. */
  abort(): void;
  /** Switches Nagle's algorithm off, or on again. */
  setNoDelay(noDelay?: boolean): void;
  /** Switches keepalive probes on, after two idle hours, or off again. */
  setKeepAlive(keepAlive?: boolean): void;
  /** Does nothing; there for code written for `Deno.Conn`. */
  ref(): void;
  /** Does nothing; there for code written for `Deno.Conn`. */
  unref(): void;
}

/** A port that accepts connections, in the shape of `Deno.TcpListener`. */
export interface TcpListener extends AsyncIterable<TcpConn>, Disposable {
  /** Where it accepts. */
  readonly addr: TcpNetAddr;
  /** Waits for the next connection. */
  accept(): Promise<TcpConn>;
  /** Stops accepting; connections that nobody has taken are reset. */
  close(): void;
  /** Does nothing; there for code written for `Deno.Listener`. */
  ref(): void;
  /** Does nothing; there for code written for `Deno.Listener`. */
  unref(): void;
}

/** TCP that opens connections. */
export interface TcpClient {
  /**
   * Opens a connection.
   *
   * @param options Where to, and a signal that gives up.
   * @returns The connection, once it is established.
   * @throws {NetError} `ECONNREFUSED`, `ETIMEDOUT`, `EHOSTUNREACH`, `ENETUNREACH`, `EADDRINUSE`, ….
   */
  connect(options: TcpConnectOptions & { readonly signal?: AbortSignal }): Promise<TcpConn>;
  /**
   * Opens a connection without promises, for protocols above TCP.
   *
   * @param options Where to.
   * @param user Hears of it; what is written before it is `opened` leaves then.
   * @returns The connection.
   * @throws {NetError} `ENETUNREACH`, `EADDRINUSE`, `EADDRNOTAVAIL`, `EMFILE`, `ENOTFOUND`.
   */
  open(options: TcpConnectOptions, user: TcpUser): TcpConnection;
}

/** The TCP layer. */
export interface Tcp extends TcpClient {
  /**
   * Listens on a port.
   *
   * @param options Where.
   * @returns The listener.
   * @throws {NetError} `EADDRINUSE`, `EADDRNOTAVAIL`.
   */
  listen(options: TcpListenOptions): TcpListener;
  /**
   * Listens on a port without promises, for protocols above TCP.
   *
   * @param options Where.
   * @param onConnection Takes each established connection, and names who uses it.
   * @returns The acceptor.
   * @throws {NetError} `EADDRINUSE`, `EADDRNOTAVAIL`.
   */
  accept(options: TcpListenOptions, onConnection: (connection: TcpConnection) => TcpUser | null): TcpAcceptor;
}

/** The {@linkcode tcp} protocol. */
export interface TcpProtocol extends Protocol<"tcp", { ip: Ip }, { tcp: Tcp }> {}

/**
 * TCP over IPv4, IPv6 or both. `tcpClient()` of `tcp_client.ts` leaves the listeners out.
 *
 * @param options Limits and times.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function tcp(options: TcpOptions = {}): TcpProtocol {
  const settings = settle("tcp", options);
  return {
    name: "tcp",
    needs: { ip: "required" },
    start: (core, { ip }) => ({ tcp: new PassiveLayer(core, ip, settings) }),
  };
}
