/**
 * The TCP layer: finds whom a segment is for, opens connections, and answers what belongs to none.
 *
 * @module
 */

import { foldChecksum, sumPacket } from "../../core/checksum.ts";
import {
  type Ip,
  type IpAddress,
  type IpFault,
  type IpReceiver,
  type Network,
  type Path,
  PROTOCOL_TCP,
} from "../../core/ip.ts";
import { KeyedHash } from "../../core/keyed_hash.ts";
import { NetError } from "../../core/net_error.ts";
import type { Packet } from "../../core/packet.ts";
import type { Core } from "../../core/protocol.ts";
import type {
  Tcp,
  TcpAcceptor,
  TcpConn,
  TcpConnection,
  TcpConnectOptions,
  TcpListener,
  TcpListenOptions,
  TcpUser,
} from "../tcp.ts";
import { Connection } from "./connection.ts";
import { connect, Listening } from "./conn.ts";
import { Demux } from "./demux.ts";
import { end } from "./end.ts";
import { isnClock } from "./isn.ts";
import { Listener } from "./listener.ts";
import { segmentArrives, takeSyn } from "./receive.ts";
import { sendReset } from "./emit.ts";
import { checkPort, ephemeralPorts } from "./ports.ts";
import { refuse } from "./refuse.ts";
import { ACK, FIN, RST, Segment, SYN } from "./segment.ts";
import { before } from "./sequence.ts";
import { SYN_RECEIVED, SYN_SENT, TIME_WAIT } from "./state.ts";
import { Tcb, type TcpShared } from "./tcb.ts";

/** Connections that may wait to be accepted where the app sets no limit. */
const BACKLOG = 1024;

/** The TCP layer. */
export class TcpLayer implements Tcp, IpReceiver {
  readonly #shared: TcpShared;
  readonly #core: Core;
  readonly #ip: Ip;
  readonly #demux: Demux;
  readonly #listeners: Map<number, Listener[]> = new Map();
  readonly #segment: Segment = new Segment();
  readonly #isnHash: KeyedHash;
  readonly #maxConnections: number;

  /**
   * Starts the layer.
   *
   * @param ip What carries it.
   * @param shared What all connections share, except how to forget one.
   * @param maxConnections Connections that there may be at the same time.
   */
  constructor(ip: Ip, shared: Omit<TcpShared, "forget" | "timeWaiting" | "maxTimeWait">, maxConnections: number) {
    const { core } = shared;
    this.#core = core;
    this.#ip = ip;
    this.#demux = new Demux(core.random());
    this.#isnHash = new KeyedHash(() => core.random());
    this.#maxConnections = maxConnections;
    this.#shared = {
      ...shared,
      timeWaiting: new Set(),
      maxTimeWait: Math.ceil(maxConnections / 4),
      forget: (tcb) => {
        this.#demux.remove(tcb);
        shared.counters.connections--;
      },
    };
    ip.attach(PROTOCOL_TCP, this);
    core.count("tcp", shared.counters);
    core.onClose(() => this.#close());
  }

  /** Reads a segment. */
  receive(packet: Packet): void {
    const { counters } = this.#shared;
    const segment = this.#segment;
    const network = packet.ip!;
    counters.segmentsReceived++;
    if (packet.cast !== 0 || network.isMany(network.destination(packet))) {
      counters.badAddress++;
      return;
    }
    if (!segment.read(packet)) {
      counters.badHeader++;
      return;
    }
    if (!packet.verified) {
      const sum = network.addressSum(packet) + PROTOCOL_TCP + packet.length;
      if (foldChecksum(sumPacket(packet, packet.start, packet.end, sum)) !== 0) {
        counters.badChecksum++;
        return;
      }
    }
    if (segment.sourcePort === 0 || segment.destinationPort === 0) {
      counters.badAddress++;
      return;
    }
    const tcb = this.#demux.find(packet, segment.destinationPort, segment.sourcePort);
    if (!tcb) return this.#withoutConnection(packet, segment);
    const verdict = segmentArrives(tcb, segment, packet);
    if (verdict === "reset") refuse(this.#shared, packet, segment);
    else if (verdict === "reopen") {
      // The old connection's numbers are all below those of the new one (RFC 1122, 4.2.2.13).
      const iss = tcb.sndMax + 0x20000 | 0;
      end(tcb, null);
      this.#withoutConnection(packet, segment, iss);
    }
  }

  /** A segment for no connection: a listener's, or one to refuse (RFC 9293, 3.10.7.1 and 3.10.7.2). */
  #withoutConnection(packet: Packet, segment: Segment, iss?: number): void {
    const { counters } = this.#shared;
    const { flags } = segment;
    const listener = this.#listenerFor(segment.destinationPort, packet);
    if (flags & RST) return;
    if (!listener || flags & ACK) {
      counters.noConnection++;
      return refuse(this.#shared, packet, segment);
    }
    // A SYN that closes at once is no way to begin.
    if (!(flags & SYN) || flags & FIN) {
      counters.badFlags++;
      return;
    }
    if (!listener.makeRoom() || !this.#makeRoom()) {
      counters.backlogFull++;
      return;
    }
    const path = packet.ip!.pathBack(packet);
    if (!path) {
      counters.badAddress++;
      return;
    }
    const tcb = new Tcb(this.#shared, path, segment.destinationPort, segment.sourcePort);
    this.#start(tcb, iss ?? this.#isn(tcb));
    listener.halfOpened(tcb);
    tcb.state = SYN_RECEIVED;
    takeSyn(tcb, segment);
  }

  /** Whether there may be one more connection; the oldest one in TIME-WAIT makes room. */
  #makeRoom(): boolean {
    if (this.#demux.size < this.#maxConnections) return true;
    for (const oldest of this.#shared.timeWaiting) {
      end(oldest, null);
      return true;
    }
    return false;
  }

  /** Puts a new connection in, its SYN to be sent. */
  #start(tcb: Tcb, iss: number): void {
    tcb.iss =
      tcb.sndUna =
      tcb.sndNxt =
      tcb.sndMax =
      tcb.recover =
      tcb.sndUp =
      tcb.sndSmall =
        iss;
    tcb.synQueued = true;
    tcb.timestamps = this.#shared.timestamps;
    tcb.sack = this.#shared.sack;
    this.#demux.add(tcb);
    this.#shared.counters.connections++;
    this.#core.ready(tcb);
  }

  #isn(tcb: Tcb): number {
    const { network, source, destination } = tcb.path;
    const name = `${network.format(source)} ${tcb.localPort} ${network.format(destination)} ${tcb.remotePort}`;
    return isnClock(this.#core.now()) + this.#isnHash.hash(name) | 0;
  }

  #listenerFor(port: number, packet: Packet): Listener | null {
    const listeners = this.#listeners.get(port);
    if (!listeners) return null;
    let found: Listener | null = null;
    for (const listener of listeners) {
      if (listener.address === null) found ??= listener;
      else if (sameAddress(packet.ip!, listener.address, packet)) return listener;
    }
    return found;
  }

  /** Hears of an ICMP error about a segment of ours; believed only if that segment may be in flight (RFC 5927, 4.1). */
  fault(packet: Packet, fault: IpFault): void {
    const { counters } = this.#shared;
    const tcb = packet.length >= 8 ? this.#demux.findQuoted(packet, packet.u16(0), packet.u16(2)) : null;
    const seq = packet.length >= 8 ? packet.i32(4) : 0;
    if (!tcb || tcb.state === TIME_WAIT || before(seq, tcb.sndUna) || !before(seq, tcb.sndMax)) {
      counters.strayFaults++;
      return;
    }
    if (fault.mtu > 0) {
      const mss = tcb.mss;
      tcb.path.limit(fault.mtu);
      // What was too big goes again at once, in smaller pieces.
      if (tcb.mss < mss) {
        tcb.sndNxt = tcb.state === SYN_SENT || tcb.state === SYN_RECEIVED ? tcb.sndNxt : tcb.sndUna;
        tcb.timedAt = -1;
        this.#core.ready(tcb);
      }
      return;
    }
    const error = new NetError(
      fault.code,
      `Connection to ${tcb.peer} failed: ${fault.message}`,
    );
    // Of a synchronized connection it is only remembered: forged ones are easy, and the network may recover (RFC 5927, 5).
    if (tcb.state === SYN_SENT && fault.hard) end(tcb, error);
    else tcb.error = error;
  }

  /** Takes connections on a port, without promises. */
  accept(options: TcpListenOptions, onConnection: (connection: TcpConnection) => TcpUser | null): TcpAcceptor {
    const { hostname, backlog = BACKLOG } = options;
    const any = hostname === undefined || hostname === "0.0.0.0" || hostname === "::";
    const found = any ? null : this.#parse(hostname);
    if (found && !found.network.isLocal(found.address)) {
      throw new NetError("EADDRNOTAVAIL", `Cannot listen on ${hostname}: it is none of this stack's addresses`);
    }
    const address = found ? found.address : null;
    const port = this.#portToListen(checkPort(options.port, 0), address, found?.network);
    const listener = new Listener(
      { hostname: any ? hostname ?? "0.0.0.0" : hostname, port },
      address,
      backlog,
      onConnection,
      (closed) => this.#unlisten(closed),
    );
    const others = this.#listeners.get(port);
    if (others) others.push(listener);
    else this.#listeners.set(port, [listener]);
    return listener;
  }

  #portToListen(port: number, address: IpAddress | null, network?: Network): number {
    if (port === 0) {
      for (const free of ephemeralPorts(this.#core)) if (!this.#listeners.has(free)) return free;
      throw new NetError("EADDRINUSE", "Cannot listen: every port that could be chosen is in use");
    }
    const text = (a: IpAddress): string => this.#ip.networkOf(a)!.format(a);
    const taken = this.#listeners.get(port)?.some((other) =>
      other.address === null || address === null
        ? other.address === address
        : network && text(other.address) === text(address)
    );
    if (taken) throw new NetError("EADDRINUSE", `Cannot listen on TCP port ${port}: it is in use`);
    return port;
  }

  #unlisten(listener: Listener): void {
    const { port } = listener.local;
    const rest = this.#listeners.get(port)!.filter((other) => other !== listener);
    if (rest.length > 0) this.#listeners.set(port, rest);
    else this.#listeners.delete(port);
  }

  /** Opens a connection, without promises. */
  open(options: TcpConnectOptions, user: TcpUser): TcpConnection {
    const { hostname, localHostname } = options;
    const remotePort = checkPort(options.port, 1);
    const { network, address } = this.#parse(hostname);
    const source = localHostname === undefined ? null : this.#parse(localHostname).address;
    const to = `${hostname} port ${remotePort}`;
    // MUST-46: a connection has exactly two ends.
    if (network.isMany(address)) {
      throw new NetError("EADDRNOTAVAIL", `Cannot connect to ${to}: it names more than one host`);
    }
    const path = network.path(address, source);
    if (typeof path === "string") throw new NetError(path, `Cannot connect to ${to}: ${REASONS[path] ?? path}`);
    if (!this.#makeRoom()) {
      throw new NetError("EMFILE", `Cannot connect to ${to}: ${this.#maxConnections} connections are open`);
    }
    const localPort = this.#portToConnect(options.localPort, path, remotePort, to);
    const tcb = new Tcb(this.#shared, path, localPort, remotePort);
    tcb.state = SYN_SENT;
    const connection = new Connection(tcb, user);
    this.#shared.counters.activeOpens++;
    this.#start(tcb, this.#isn(tcb));
    return connection;
  }

  #portToConnect(wanted: number | undefined, path: Path, remotePort: number, to: string): number {
    if (wanted !== undefined) {
      if (!this.#demux.has(path, checkPort(wanted, 1), remotePort)) return wanted;
      throw new NetError("EADDRINUSE", `Cannot connect to ${to}: local port ${wanted} is in use`);
    }
    for (const port of ephemeralPorts(this.#core)) {
      if (!this.#listeners.has(port) && !this.#demux.has(path, port, remotePort)) return port;
    }
    throw new NetError("EADDRNOTAVAIL", `Cannot connect to ${to}: every local port is in use`);
  }

  #parse(hostname: string): { readonly network: Network; readonly address: IpAddress } {
    const found = this.#ip.parse(hostname);
    if (!found) {
      throw new NetError(
        "ENOTFOUND",
        `Cannot find host "${hostname}": it is no address of a family that this stack has`,
      );
    }
    return found;
  }

  /** Takes connections on a port, in the shape of `Deno.listen`. */
  listen(options: TcpListenOptions): TcpListener {
    return new Listening(this, options);
  }

  /** Opens a connection, in the shape of `Deno.connect`. */
  connect(options: TcpConnectOptions & { readonly signal?: AbortSignal }): Promise<TcpConn> {
    const { hostname, signal } = options;
    const { resolver } = this.#ip;
    if (!resolver || this.#ip.parse(hostname)) return connect(this, options);
    const attempt = (hostname: string, signal: AbortSignal) => connect(this, { ...options, hostname, signal });
    return resolver.connect(hostname, attempt, signal);
  }

  /** The stack closes: every connection is reset, and its user told. */
  #close(): void {
    for (const tcb of this.#demux) {
      if (tcb.connection) tcb.connection.abort();
      else {
        sendReset(tcb);
        end(tcb, null);
      }
    }
    for (const listeners of this.#listeners.values()) for (const listener of listeners) listener.close();
  }
}

const REASONS: Record<string, string> = {
  ENETUNREACH: "no route leads there",
  EADDRNOTAVAIL: "the local address is none of this stack's",
};

function sameAddress(network: Network, address: IpAddress, packet: Packet): boolean {
  const destination = network.destination(packet);
  return typeof address === "number" || typeof destination === "number"
    ? address === destination
    : address.equals(destination);
}
