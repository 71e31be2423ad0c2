/**
 * A UDP socket in the shape of `Deno.DatagramConn`: promises over {@linkcode UdpSocket}.
 *
 * @module
 */

import { type IpAddress, sameAddress } from "../../core/ip.ts";
import { NetError } from "../../core/net_error.ts";
import { checkOptions } from "../../core/options.ts";
import type { Udp } from "../udp.ts";
import { UDP_LISTEN_OPTIONS, type UdpListenOptions } from "./settings.ts";
import type { UdpSocket } from "./socket.ts";

/** One end of an exchange of datagrams, as `Deno.NetAddr`. */
export interface UdpAddr {
  /** Always UDP. */
  readonly transport: "udp";
  /** The address in text. */
  readonly hostname: string;
  /** The port, 0 to 65,535. */
  readonly port: number;
}

/** A datagram and its sender. */
export type UdpReceived = [data: Uint8Array<ArrayBuffer>, from: UdpAddr];

/** Somebody who waits for a datagram; null tells that the socket was closed. */
interface Waiter {
  readonly resolve: (received: UdpReceived | null) => void;
  readonly reject: (error: NetError) => void;
}

/** A multicast group that a socket is in. */
export interface UdpMembership {
  /** Leaves the group. */
  leave(): Promise<void>;
  /** Sets whether what is sent to groups comes to our own sockets too. */
  setLoopback(loopback: boolean): Promise<void>;
  /** Sets how many hops datagrams to groups may take, 1 to 255. */
  setTTL(ttl: number): Promise<void>;
}

/** A UDP socket whose datagrams wait until they are asked for. */
export class UdpDatagramConn implements AsyncIterable<UdpReceived>, Disposable {
  readonly #udp: Udp;
  readonly #socket: UdpSocket;
  readonly #most: number;
  readonly #hostname: string;
  readonly #queue: UdpReceived[] = [];
  readonly #waiters: Waiter[] = [];
  #error: NetError | null = null;
  /** Who was heard last: whoever exchanges datagrams with one host formats and parses its address once. */
  #heard: IpAddress | null = null;
  /** The same in text. */
  #heardName: string | null = null;

  /**
   * Made by {@linkcode Udp.listen}.
   *
   * @param udp The layer.
   * @param options How to open it.
   */
  constructor(udp: Udp, options: UdpListenOptions) {
    checkOptions("udp.listen", UDP_LISTEN_OPTIONS, options);
    const { queue = 256, transport: _, ...rest } = options;
    this.#udp = udp;
    this.#most = queue;
    this.#hostname = options.hostname ?? "0.0.0.0";
    this.#socket = udp.bind({
      ...rest,
      onError: (error, address, port) => {
        // As with any host's sockets, an error reaches the app only where it is clear that it is about this peer.
        if (this.#socket.peer) this.#fail(error);
        options.onError?.(error, address, port);
      },
    }, (data, address, port) => this.#receive(data, address, port));
    this.#socket.onClose = () => {
      for (const waiter of this.#waiters.splice(0)) waiter.resolve(null);
    };
  }

  /** Our end. */
  get addr(): UdpAddr {
    return { transport: "udp", hostname: this.#hostname, port: this.#socket.port };
  }

  /**
   * Waits for a datagram.
   *
   * @param target Where to copy it; what does not fit is cut off. A new array when left out.
   * @returns The payload and who sent it.
   * @throws {NetError} `EPIPE` when the socket is closed, or what happened to a datagram sent on a connected one.
   */
  async receive(target?: Uint8Array<ArrayBuffer>): Promise<UdpReceived> {
    const received = await this.#next();
    if (!received) throw new NetError("EPIPE", `Cannot receive at UDP port ${this.#socket.port}: the socket is closed`);
    if (!target) return received;
    const data = received[0].subarray(0, target.length);
    target.set(data);
    return [target.subarray(0, data.length), received[1]];
  }

  /**
   * Sends a datagram.
   *
   * @param data The payload, at most 65,507 bytes over IPv4.
   * @param to Whom it is for, by its address, or by name where the stack has a resolver; the host that the socket is
   * connected to when left out.
   * @returns Bytes sent: all of them.
   * @throws {NetError} As {@linkcode UdpSocket.send}, `ENOBUFS` when a queue is full, and as the resolver does.
   */
  async send(data: Uint8Array, to?: { readonly hostname: string; readonly port: number }): Promise<number> {
    const error = this.#error;
    this.#error = null;
    if (error) throw error;
    let sent: boolean;
    if (!to) sent = this.#socket.send(data);
    else if (to.hostname === this.#heardName) sent = this.#socket.send(data, this.#heard!, to.port);
    else {
      // Most are addresses: only a name is waited for, so that what is sent leaves in this turn.
      const hostname = this.#isName(to.hostname) ? await this.#lookup(to.hostname) : to.hostname;
      sent = this.#socket.send(data, this.#udp.parse(hostname).address, to.port);
    }
    if (!sent) throw new NetError("ENOBUFS", `Cannot send from UDP port ${this.#socket.port}: a queue is full`);
    return data.length;
  }

  /**
   * Names the only host to exchange datagrams with; an address is taken at once.
   *
   * @param to The host, by its address, or by name where the stack has a resolver.
   * @throws {NetError} As {@linkcode UdpSocket.connect}, and as the resolver does.
   */
  async connect(to: { readonly hostname: string; readonly port: number }): Promise<void> {
    const { hostname, port } = to;
    this.#socket.connect(this.#isName(hostname) ? await this.#lookup(hostname) : hostname, port);
  }

  /**
   * Joins an IPv4 group.
   *
   * @param group Its address.
   * @returns The membership.
   * @throws {NetError} As {@linkcode UdpSocket.join}.
   */
  joinMulticastV4(group: string): Promise<UdpMembership> {
    return this.#join(group);
  }

  /**
   * Joins an IPv6 group.
   *
   * @param group Its address.
   * @returns The membership.
   * @throws {NetError} As {@linkcode UdpSocket.join}.
   */
  joinMulticastV6(group: string): Promise<UdpMembership> {
    return this.#join(group);
  }

  /** Closes the socket: whoever waits for a datagram hears of it. Calling it again does nothing. */
  close(): void {
    this.#socket.close();
  }

  /** Closes the socket. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Goes through the datagrams until the socket is closed. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<UdpReceived> {
    for (let received = await this.#next(); received; received = await this.#next()) yield received;
  }

  /** Whether somebody is to be asked for a host's address. */
  #isName(hostname: string): boolean {
    return this.#udp.ip.resolver !== null && this.#udp.ip.parse(hostname) === null;
  }

  async #lookup(name: string): Promise<string> {
    const { network } = this.#socket;
    const addresses = await this.#udp.ip.resolver!.lookup(name, network ? { family: network.family } : {});
    return addresses[0]!;
  }

  // deno-lint-ignore require-await
  async #join(group: string): Promise<UdpMembership> {
    const socket = this.#socket;
    socket.join(group);
    return {
      // deno-lint-ignore require-await
      leave: async () => socket.leave(group),
      // deno-lint-ignore require-await
      setLoopback: async (loopback) => socket.setLoopback(loopback),
      // deno-lint-ignore require-await
      setTTL: async (ttl) => socket.setMulticastTtl(ttl),
    };
  }

  #next(): Promise<UdpReceived | null> {
    const error = this.#error;
    this.#error = null;
    if (error) return Promise.reject(error);
    const received = this.#queue.shift();
    if (received || this.#socket.closed) return Promise.resolve(received ?? null);
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  #receive(data: Uint8Array<ArrayBuffer>, address: IpAddress, port: number): void {
    if (this.#waiters.length === 0 && this.#queue.length >= this.#most) {
      this.#udp.counters.overflow++;
      return;
    }
    if (this.#heard === null || !sameAddress(this.#heard, address)) {
      this.#heard = address;
      this.#heardName = this.#udp.ip.networkOf(address)!.format(address);
    }
    const received: UdpReceived = [data.slice(), { transport: "udp", hostname: this.#heardName!, port }];
    const waiter = this.#waiters.shift();
    if (waiter) waiter.resolve(received);
    else this.#queue.push(received);
  }

  #fail(error: NetError): void {
    const waiter = this.#waiters.shift();
    if (waiter) waiter.reject(error);
    else this.#error = error;
  }
}
