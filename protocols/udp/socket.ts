/**
 * A UDP socket.
 *
 * @module
 */

import { type IpAddress, isAllNodes, isGroup, type Network, type Path, sameAddress } from "../../core/ip.ts";
import { NetError, type NetErrorCode } from "../../core/net_error.ts";
import type { Packet } from "../../core/packet.ts";
import type { Udp } from "../udp.ts";
import type { OnDatagram, UdpBindOptions } from "./settings.ts";

/** Ways remembered by a socket that answers many hosts; a power of two. */
const PATHS = 16;

/** A UDP socket: everything returns at once. */
export class UdpSocket {
  /** Our port, 1 to 65,535. */
  readonly port: number;
  /** Our address; null for all of them. */
  readonly local: IpAddress | null;
  /** The only network it is bound to; null for all of them. */
  readonly network: Network | null;
  /** How it was opened. */
  readonly options: UdpBindOptions;
  /** Reads what comes in. */
  readonly onDatagram: OnDatagram;
  /** The next socket in the same bucket of the table. Only the layer writes it. */
  next: UdpSocket | null = null;
  /** Whether it was closed. */
  closed: boolean = false;
  /** Hears that it was closed. */
  onClose: (() => void) | null = null;
  /** The way to the host that it is connected to. */
  peer: Path | null = null;
  /** The port there. */
  peerPort: number = 0;
  readonly #udp: Udp;
  #groups: IpAddress[] = [];
  #paths: (Path | undefined)[] = [];
  #multicastTtl: number;
  #loopback: boolean;

  /**
   * Made by {@linkcode Udp.bind}.
   *
   * @param udp The layer.
   * @param port Our port.
   * @param local Our address.
   * @param network Its network.
   * @param options How to open it, checked already.
   * @param onDatagram Reads what comes in.
   */
  constructor(
    udp: Udp,
    port: number,
    local: IpAddress | null,
    network: Network | null,
    options: UdpBindOptions,
    onDatagram: OnDatagram,
  ) {
    this.#udp = udp;
    this.port = port;
    this.local = local;
    this.network = network;
    this.options = options;
    this.onDatagram = onDatagram;
    this.#multicastTtl = options.multicastTtl ?? 1;
    this.#loopback = options.loopback ?? true;
  }

  /**
   * Sends a datagram. It leaves at the end of the turn.
   *
   * @param data The payload, at most 65,507 bytes over IPv4; copied.
   * @param address Whom it is for; the host that the socket is connected to when left out.
   * @param port The port there, 1 to 65,535.
   * @returns False when it was dropped, as any datagram may be: a queue is full.
   * @throws {NetError} `EMSGSIZE` when it is too long, `ENETUNREACH` without a route, `EACCES` for a broadcast that was not
   * allowed, `ENOTCONN` without an address on a socket that is not connected, `EPIPE` on a closed one.
   * @throws {RangeError} When the port is none.
   */
  send(data: Uint8Array, address?: IpAddress, port: number = this.peerPort): boolean {
    if (this.closed) throw new NetError("EPIPE", `Cannot send from UDP port ${this.port}: the socket is closed`);
    const path = address === undefined ? this.peer : this.#path(address);
    if (!path) throw new NetError("ENOTCONN", `Cannot send from UDP port ${this.port}: name a host, or connect first`);
    if (!(port > 0 && port < 65_536)) throw new RangeError(`Cannot send to port ${port}: it must be 1 to 65,535`);
    if (
      data.length > (path.network.family === 4 ? 65_507 : 65_527) || path.dontFragment && data.length > path.mms - 8
    ) {
      throw this.#error("EMSGSIZE", path.destination, `${data.length} bytes do not fit into a datagram`);
    }
    return this.#udp.transmit(path, this.port, port, data);
  }

  /**
   * Names the only host to exchange datagrams with; errors of its datagrams reach `onError`.
   *
   * @param address The host's address, or that in text.
   * @param port The port there, 1 to 65,535.
   * @throws {NetError} `ENETUNREACH` without a route, `EACCES` for a broadcast that was not allowed.
   * @throws {SyntaxError} When the text is no address.
   */
  connect(address: IpAddress | string, port: number): void {
    if (!(port > 0 && port < 65_536)) throw new RangeError(`Cannot connect to port ${port}: it must be 1 to 65,535`);
    this.peer = this.#path(typeof address === "string" ? this.#udp.parse(address).address : address);
    this.peerPort = port;
  }

  /** Exchanges datagrams with everybody again. */
  disconnect(): void {
    this.peer = null;
    this.peerPort = 0;
  }

  /**
   * Joins a group: datagrams for it and our port come in.
   *
   * @param group Its address, or that in text.
   * @throws {NetError} `EADDRNOTAVAIL` when it is no group; `EADDRINUSE` when the socket is in it already.
   */
  join(group: IpAddress | string): void {
    const { network, address } = this.#group(group);
    if (this.inGroup(address)) throw new NetError("EADDRINUSE", `The socket is in the group ${group} already`);
    this.#groups.push(address);
    network.join(address);
  }

  /**
   * Leaves a group.
   *
   * @param group Its address, or that in text.
   * @throws {NetError} `EADDRNOTAVAIL` when the socket is not in it.
   */
  leave(group: IpAddress | string): void {
    const { network, address } = this.#group(group);
    const rest = this.#groups.filter((other) => !sameAddress(other, address));
    if (rest.length === this.#groups.length) throw new NetError("EADDRNOTAVAIL", `The socket is not in ${group}`);
    this.#groups = rest;
    network.leave(address);
  }

  /**
   * Sets how far datagrams to groups go.
   *
   * @param ttl Hops, 1 to 255.
   */
  setMulticastTtl(ttl: number): void {
    if (!(ttl > 0 && ttl < 256)) throw new RangeError(`Cannot set a TTL of ${ttl}: it must be 1 to 255`);
    this.#multicastTtl = ttl;
    this.#forget();
  }

  /**
   * Sets whether datagrams to many hosts come to our own sockets too.
   *
   * @param loopback Whether they do.
   */
  setLoopback(loopback: boolean): void {
    this.#loopback = loopback;
    this.#forget();
  }

  /** Closes the socket; calling it again does nothing. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const group of this.#groups) this.#udp.ip.networkOf(group)?.leave(group);
    this.#udp.remove(this);
    this.onClose?.();
  }

  /**
   * Tells whether it has joined a group.
   *
   * @param group The group's address.
   * @returns Whether datagrams for it are wanted.
   */
  inGroup(group: IpAddress): boolean {
    return this.#groups.some((other) => sameAddress(other, group));
  }

  /**
   * Tells how well it fits a received datagram.
   *
   * @param packet The datagram, its window at the UDP header.
   * @param network Who read its network header.
   * @param destination Whom it is for.
   * @param many Whether that names many hosts.
   * @returns 0 when it does not fit; the more, the better.
   */
  fit(packet: Packet, network: Network, destination: IpAddress, many: boolean): number {
    let fit = 1;
    if (this.network && this.network !== network) return 0;
    if (this.local !== null) {
      if (!sameAddress(this.local, destination)) return 0;
      fit++;
    }
    if (this.peer) {
      if (packet.u16(0) !== this.peerPort || !this.peer.matches(packet)) return 0;
      fit += 2;
    }
    // Every host is in the group of all, and nobody joins it.
    return many && isGroup(destination) && !isAllNodes(destination) && !this.inGroup(destination) ? 0 : fit;
  }

  /**
   * Tells whether it may have sent a packet that an error quotes.
   *
   * @param packet The packet, its window at the UDP header.
   * @returns The way the packet went; null when it is none of this socket.
   */
  quoted(packet: Packet): Path | null {
    if (this.peer) return packet.u16(2) === this.peerPort && this.peer.quoted(packet) ? this.peer : null;
    for (const path of this.#paths) if (path?.quoted(packet)) return path;
    return null;
  }

  /** Makes the ways anew, for they are to be other ones. */
  #forget(): void {
    this.#paths = [];
    if (this.peer) this.peer = this.#path(this.peer.destination);
  }

  #path(address: IpAddress): Path {
    const slot = (typeof address === "number" ? address : address.d) & PATHS - 1;
    const known = this.#paths[slot];
    // The address that it saw may be ours no more.
    if (known && sameAddress(known.destination, address) && known.network.isLocal(known.source)) return known;
    const network = this.network ?? this.#udp.ip.networkOf(address);
    const many = network?.isMany(address);
    const group = isGroup(address);
    const { options } = this;
    if (many && !group && !options.broadcast) {
      throw this.#error("EACCES", address, 'the socket was not opened with "broadcast"');
    }
    const source = this.local !== null && isGroup(this.local) ? null : this.local;
    const path = network === this.#udp.ip.networkOf(address) ? network?.path(address, source) : undefined;
    if (path === undefined || typeof path === "string") {
      throw this.#error(path ?? "ENETUNREACH", address, path === "EADDRNOTAVAIL" ? "we have no address" : "no route");
    }
    path.ttl = group ? this.#multicastTtl : options.ttl ?? path.ttl;
    path.loop = this.#loopback;
    path.dontFragment = options.dontFragment ?? false;
    path.trafficClass = options.trafficClass ?? 0;
    return this.#paths[slot] = path;
  }

  #group(group: IpAddress | string): { network: Network; address: IpAddress } {
    const address = typeof group === "string" ? this.#udp.parse(group).address : group;
    const network = this.network ?? this.#udp.ip.networkOf(address);
    if (!network || !isGroup(address)) throw new NetError("EADDRNOTAVAIL", `${group} is no group that can be joined`);
    return { network, address };
  }

  #error(code: NetErrorCode, address: IpAddress, why: string): NetError {
    const text = this.#udp.ip.networkOf(address)?.format(address) ?? address;
    return new NetError(code, `Cannot send from UDP port ${this.port} to ${text}: ${why}`);
  }
}
