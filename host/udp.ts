/**
 * UDP over `node:dgram`, which Deno, Bun and Node share.
 *
 * @module
 */

import { createSocket, type Socket } from "node:dgram";
import { NetError } from "../core/net_error.ts";
import type { UdpAddr, UdpListenOptions, UdpMembership, UdpReceived } from "../protocols/udp.ts";
import { netError } from "./errors.ts";
import { Queue } from "./queue.ts";

/** A UDP socket in the shape of `Deno.DatagramConn`. */
export class HostDatagrams implements AsyncIterable<UdpReceived>, Disposable {
  readonly #options: UdpListenOptions;
  readonly #socket: Socket;
  readonly #queue: Queue<UdpReceived>;
  readonly #bound: Promise<void>;
  readonly #onClose: () => void;
  #connected: boolean = false;
  #closed: boolean = false;

  /**
   * Opens a socket.
   *
   * @param options Where.
   * @param onClose Hears that it was closed.
   */
  constructor(options: UdpListenOptions, onClose: () => void) {
    const { hostname, port, reuseAddress = false, queue = 256 } = options;
    this.#options = options;
    this.#onClose = onClose;
    this.#queue = new Queue(queue);
    const socket = createSocket({ type: hostname?.includes(":") ? "udp6" : "udp4", reuseAddr: reuseAddress });
    this.#socket = socket;
    const what = `Cannot bind UDP port ${port}`;
    this.#bound = new Promise((resolve, reject) => {
      socket.once("listening", () => {
        this.#set();
        resolve();
      });
      socket.once("error", (error) => reject(netError(error, what)));
    });
    // Whoever uses the socket hears of it.
    this.#bound.catch((error) => this.#queue.end(error));
    socket.on("error", () => {});
    socket.on("message", (data, { address, port }) => {
      this.#queue.push([new Uint8Array(data), { transport: "udp", hostname: address, port }]);
    });
    socket.on("close", () => this.#queue.end());
    socket.bind({ port, ...(hostname !== undefined && { address: hostname }) });
  }

  /** Our end. A port asked for by 0 is known once the socket was first used. */
  get addr(): UdpAddr {
    const { hostname = "0.0.0.0", port } = this.#options;
    try {
      return { transport: "udp", hostname, port: this.#socket.address().port };
    } catch {
      return { transport: "udp", hostname, port };
    }
  }

  /**
   * Waits for a datagram.
   *
   * @param target Where to copy it; what does not fit is cut off. A new array when left out.
   */
  async receive(target?: Uint8Array<ArrayBuffer>): Promise<UdpReceived> {
    const received = await this.#queue.take();
    if (!received) throw this.#over("receive at");
    if (!target) return received;
    const data = received[0].subarray(0, target.length);
    target.set(data);
    return [target.subarray(0, data.length), received[1]];
  }

  /**
   * Sends a datagram.
   *
   * @param data The payload.
   * @param to Whom it is for; the host that the socket is connected to when left out.
   */
  async send(data: Uint8Array, to?: { readonly hostname: string; readonly port: number }): Promise<number> {
    await this.#bound;
    if (this.#closed) throw this.#over("send from");
    if (!to && !this.#connected) {
      throw new NetError("ENOTCONN", `Cannot send from UDP port ${this.addr.port}: name a host, or connect first`);
    }
    return await new Promise((resolve, reject) => {
      const done = (error: Error | null): void => {
        if (error) reject(netError(error, `Cannot send from UDP port ${this.addr.port}`));
        else resolve(data.length);
      };
      if (to) this.#socket.send(data, to.port, to.hostname, done);
      else this.#socket.send(data, done);
    });
  }

  /**
   * Names the only host to exchange datagrams with.
   *
   * @param to The host.
   */
  async connect({ hostname, port }: { readonly hostname: string; readonly port: number }): Promise<void> {
    await this.#bound;
    await new Promise<void>((resolve, reject) => {
      this.#socket.connect(port, hostname, (...args: unknown[]) => args[0] ? reject(args[0]) : resolve());
    });
    this.#connected = true;
  }

  /** Joins an IPv4 group. */
  async joinMulticastV4(group: string): Promise<UdpMembership> {
    await this.#bound;
    const socket = this.#socket;
    socket.addMembership(group);
    return {
      // deno-lint-ignore require-await
      leave: async () => socket.dropMembership(group),
      // deno-lint-ignore require-await
      setLoopback: async (loopback) => void socket.setMulticastLoopback(loopback),
      // deno-lint-ignore require-await
      setTTL: async (ttl) => void socket.setMulticastTTL(ttl),
    };
  }

  /** Joins an IPv6 group. */
  joinMulticastV6(group: string): Promise<UdpMembership> {
    return this.joinMulticastV4(group);
  }

  /** Closes the socket: whoever waits for a datagram hears of it. Calling it again does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue.end();
    this.#socket.close();
    this.#onClose();
  }

  /** Closes the socket. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Goes through the datagrams until the socket is closed. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<UdpReceived> {
    for (let received = await this.#queue.take(); received; received = await this.#queue.take()) yield received;
  }

  #set(): void {
    const { broadcast, ttl, multicastTtl, loopback } = this.#options;
    if (broadcast !== undefined) this.#socket.setBroadcast(broadcast);
    if (ttl !== undefined) this.#socket.setTTL(ttl);
    if (multicastTtl !== undefined) this.#socket.setMulticastTTL(multicastTtl);
    if (loopback !== undefined) this.#socket.setMulticastLoopback(loopback);
  }

  #over(what: string): NetError {
    return new NetError("EPIPE", `Cannot ${what} UDP port ${this.addr.port}: the socket is closed`);
  }
}
