/**
 * UDP (RFC 768; RFC 1122, 4.1), over IPv4, IPv6 or both.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 * import { udp } from "@bonsai/net/protocols/udp";
 *
 * const [driver] = memory("ip");
 * const net = stack({ driver, protocols: [ipv4({ address: "10.0.0.2/24" }), udp()] });
 * const socket = net.udp.bind({ port: 7 }, (data, address, port) => socket.send(data, address, port));
 * ```
 *
 * @module
 */

import { foldChecksum, sumPacket } from "../core/checksum.ts";
import {
  type Ip,
  type IpAddress,
  type IpFault,
  type IpReceiver,
  isGroup,
  type Network,
  type Path,
  PROTOCOL_UDP,
  sameAddress,
} from "../core/ip.ts";
import { NetError } from "../core/net_error.ts";
import { checkOptions } from "../core/options.ts";
import type { Packet } from "../core/packet.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import {
  type OnDatagram,
  UDP_BIND_OPTIONS,
  UDP_OPTIONS,
  type UdpBindOptions,
  type UdpListenOptions,
  type UdpOptions,
} from "./udp/settings.ts";
import { datagramLength, isUnchecked, UDP_HEADER } from "./udp/header.ts";
import { UdpDatagramConn } from "./udp/datagram_conn.ts";
import { UdpSocket } from "./udp/socket.ts";

export * from "./udp/settings.ts";
export { type UdpAddr, UdpDatagramConn, type UdpMembership, type UdpReceived } from "./udp/datagram_conn.ts";
export { UdpSocket } from "./udp/socket.ts";

/** Buckets of the table of sockets; a power of two. */
const BUCKETS = 64;
/** The first port that is given out (RFC 6335, 6); the last is 65,535. */
const EPHEMERAL = 49_152;

/** What the UDP layer counts. */
export class UdpCounters {
  /** Datagrams handed to a socket. */
  delivered: number = 0;
  /** Datagrams sent. */
  sent: number = 0;
  /** Datagrams dropped below while they were sent. */
  unsent: number = 0;
  /** Datagrams whose length cannot be. */
  malformed: number = 0;
  /** Datagrams whose checksum is wrong. */
  badChecksum: number = 0;
  /** Datagrams for a port that nobody reads. */
  noPort: number = 0;
  /** Datagrams dropped because a reader was too slow. */
  overflow: number = 0;
}

/** The UDP layer. */
export class Udp implements IpReceiver {
  /** The IP layer below. */
  readonly ip: Ip;
  /** What it does and drops. */
  readonly counters: UdpCounters = new UdpCounters();
  readonly #core: Core;
  readonly #most: number;
  /** The sockets, by the low bits of their ports; those of one bucket are linked by `next`. */
  readonly buckets: (UdpSocket | null)[] = new Array(BUCKETS).fill(null);
  /** Hears that a socket was opened or closed. */
  onSockets: (() => void) | null = null;
  #open: number = 0;

  /**
   * Starts the layer.
   *
   * @param core The core.
   * @param ip What carries it.
   * @param options Limits, checked already.
   */
  constructor(core: Core, ip: Ip, options: UdpOptions) {
    this.#core = core;
    this.ip = ip;
    this.#most = options.sockets ?? 1024;
    ip.attach(PROTOCOL_UDP, this);
    core.count("udp", this.counters);
    core.onClose(() => {
      for (const first of this.buckets) for (let s: UdpSocket | null = first; s; s = s.next) s.close();
    });
  }

  /**
   * Opens a socket.
   *
   * @param options Its port, and all else.
   * @param onDatagram Reads what comes in; called within the turn, so that it may answer at once.
   * @returns The socket.
   * @throws {NetError} `EADDRINUSE` when another socket has the port, `EADDRNOTAVAIL` when the address is not ours,
   * `EMFILE` when too many sockets are open.
   * @throws {TypeError} When an option is missing, unknown or of another type.
   * @throws {RangeError} When an option is out of its range.
   * @throws {SyntaxError} When the hostname is no address.
   */
  bind(options: UdpBindOptions, onDatagram: OnDatagram): UdpSocket {
    checkOptions("udp.bind", UDP_BIND_OPTIONS, options);
    const { hostname } = options;
    let local: IpAddress | null = null;
    let network: Network | null = null;
    // Either family's word for all addresses means those of both.
    if (hostname !== undefined && hostname !== "0.0.0.0" && hostname !== "::") {
      ({ network, address: local } = this.parse(hostname));
      if (!network.isLocal(local) && !isGroup(local)) {
        throw new NetError("EADDRNOTAVAIL", `Cannot bind UDP to ${hostname}: it is none of our addresses`);
      }
    }
    if (this.#open >= this.#most) {
      throw new NetError("EMFILE", `Cannot bind UDP port ${options.port}: ${this.#most} sockets are open`);
    }
    const reuse = options.reuseAddress ?? false;
    const port = options.port || this.#freePort(local, network);
    if (!port || !this.#isFree(port, local, network, reuse)) {
      throw new NetError("EADDRINUSE", `Cannot bind UDP port ${options.port}: it is in use`);
    }
    const socket = new UdpSocket(this, port, local, network, options, onDatagram);
    const bucket = port & BUCKETS - 1;
    socket.next = this.buckets[bucket]!;
    this.buckets[bucket] = socket;
    this.#open++;
    this.onSockets?.();
    return socket;
  }

  /**
   * Opens a socket in the shape of `Deno.DatagramConn`, whose datagrams wait until they are asked for.
   *
   * @param options Its port, and all else.
   * @returns The socket.
   * @throws {NetError} As {@linkcode Udp.bind}.
   */
  listen(options: UdpListenOptions): UdpDatagramConn {
    return new UdpDatagramConn(this, options);
  }

  /**
   * Reads an address in text.
   *
   * @param text The text.
   * @returns The address and its network.
   * @throws {SyntaxError} When it is none of a family that the stack has.
   */
  parse(text: string): { readonly network: Network; readonly address: IpAddress } {
    const parsed = this.ip.parse(text);
    if (!parsed) throw new SyntaxError(`Cannot parse "${text}" as an address of this stack`);
    return parsed;
  }

  /**
   * Takes a closed socket out of the table.
   *
   * @param socket The socket.
   */
  remove(socket: UdpSocket): void {
    const bucket = socket.port & BUCKETS - 1;
    this.#open--;
    let before = this.buckets[bucket]!;
    if (before === socket) this.buckets[bucket] = socket.next;
    else {
      while (before.next !== socket) before = before.next!;
      before.next = socket.next;
    }
    this.onSockets?.();
  }

  /**
   * Sends a datagram.
   *
   * @param path The way it goes.
   * @param from Our port.
   * @param to The port there.
   * @param data The payload; it fits.
   * @returns False when it was dropped.
   */
  transmit(path: Path, from: number, to: number, data: Uint8Array): boolean {
    const { pool, offload } = this.#core;
    const length = data.length + UDP_HEADER;
    const packet = pool.take(length);
    packet.write(data);
    const at = packet.push(UDP_HEADER);
    packet.transport = at;
    packet.setI32(0, from << 16 | to);
    packet.setI32(4, length << 16);
    const pseudo = path.addressSum + PROTOCOL_UDP + length;
    // A driver finishes only what leaves in one piece.
    packet.verified = offload.transmitChecksum && length <= path.mms;
    packet.setU16(
      6,
      packet.verified ? ~foldChecksum(pseudo) : foldChecksum(sumPacket(packet, at, packet.end, pseudo)) || 0xffff,
    );
    const sent = path.transmit(packet, PROTOCOL_UDP);
    pool.give(packet);
    if (sent) this.counters.sent++;
    else this.counters.unsent++;
    this.#core.wake();
    return sent;
  }

  /** Reads one datagram. */
  receive(packet: Packet): void {
    const { counters } = this;
    const { bytes, start: at } = packet;
    const length = datagramLength(bytes, at);
    if (packet.length < UDP_HEADER || length < UDP_HEADER || length > packet.length) {
      counters.malformed++;
      return;
    }
    packet.end = at + length;
    const network = packet.ip!;
    const unchecked = isUnchecked(bytes, at);
    if (
      unchecked ? network.family === 6 : !packet.verified &&
        foldChecksum(sumPacket(packet, at, packet.end, network.addressSum(packet) + PROTOCOL_UDP + length)) !== 0
    ) {
      counters.badChecksum++;
      return;
    }
    const port = bytes[at + 2]! << 8 | bytes[at + 3]!;
    const destination = network.destination(packet);
    const many = network.isMany(destination);
    let best: UdpSocket | null = null;
    let most = 0;
    for (let s: UdpSocket | null = this.buckets[port & BUCKETS - 1]!; s; s = s.next) {
      if (s.port !== port) continue;
      const fit = s.fit(packet, network, destination, many);
      if (fit > most) {
        // Of what is for many, every socket that wants it gets its copy.
        if (many) this.#deliver(s, packet, network);
        else most = fit;
        best = s;
      }
    }
    if (!best) {
      counters.noPort++;
      if (!many) network.reject(packet, "port");
    } else if (!many) this.#deliver(best, packet, network);
  }

  /** Hears that a datagram did not arrive. */
  fault(packet: Packet, fault: IpFault): void {
    const port = packet.u16(0);
    const network = packet.ip!;
    for (let s: UdpSocket | null = this.buckets[port & BUCKETS - 1]!; s; s = s.next) {
      if (s.port !== port) continue;
      const path = s.quoted(packet);
      if (!path) continue;
      // What is too big for IPv6 is never cut by routers: the next one leaves in fragments.
      if (fault.mtu > 0 && (path.dontFragment || network.family === 6)) path.limit(fault.mtu);
      const to = packet.u16(2);
      const { onError } = s.options;
      if (onError) {
        const text = `${network.format(path.destination)} port ${to}: ${fault.message}`;
        try {
          onError(new NetError(fault.code, text), path.destination, to);
        } catch (error) {
          this.#core.report(error);
        }
      }
      return;
    }
  }

  #deliver(socket: UdpSocket, packet: Packet, network: Network): void {
    const { start: at, end, segment } = packet;
    packet.start = at + UDP_HEADER;
    do {
      if (segment > 0) packet.end = Math.min(packet.start + segment, end);
      this.counters.delivered++;
      try {
        socket.onDatagram(packet.view(), network.source(packet), packet.bytes[at]! << 8 | packet.bytes[at + 1]!);
      } catch (error) {
        this.#core.report(error);
      }
      packet.start = packet.end;
    } while (packet.end < end);
    packet.start = at;
  }

  /** A port that is free, chosen at random (RFC 6056, algorithm 1); 0 when there is none. */
  #freePort(local: IpAddress | null, network: Network | null): number {
    const count = 65_536 - EPHEMERAL;
    const random = this.#core.random();
    for (let i = 0; i < count; i++) {
      const port = EPHEMERAL + (random + i & count - 1);
      if (this.#isFree(port, local, network, false)) return port;
    }
    return 0;
  }

  #isFree(port: number, local: IpAddress | null, network: Network | null, reuse: boolean): boolean {
    for (let s: UdpSocket | null = this.buckets[port & BUCKETS - 1]!; s; s = s.next) {
      const apart = s.port !== port || reuse && s.options.reuseAddress === true ||
        network && s.network && network !== s.network ||
        local !== null && s.local !== null && !sameAddress(local, s.local);
      if (!apart) return false;
    }
    return true;
  }
}

/** The {@linkcode udp} protocol. */
export interface UdpProtocol extends Protocol<"udp", { ip: Ip }, { udp: Udp }> {}

/**
 * UDP.
 *
 * @param options Limits.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function udp(options: UdpOptions = {}): UdpProtocol {
  checkOptions("udp", UDP_OPTIONS, options);
  return {
    name: "udp",
    needs: { ip: "required" },
    start: (core, { ip }) => ({ udp: new Udp(core, ip, options) }),
  };
}
