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
  sameAddress,
} from "../../core/ip.ts";
import { KeyedHash } from "../../core/keyed_hash.ts";
import { NetError, type NetErrorCode } from "../../core/net_error.ts";
import type { Packet } from "../../core/packet.ts";
import type { Core } from "../../core/protocol.ts";
import type { TcpClient, TcpConn, TcpConnection, TcpConnectOptions, TcpUser } from "../tcp.ts";
import { BufferPool } from "./buffers.ts";
import { connect } from "./conn.ts";
import { Connection } from "./connection.ts";
import { TcpCounters } from "./counters.ts";
import { Demux } from "./demux.ts";
import { end } from "./end.ts";
import { checkPort, ephemeralPort } from "./ports.ts";
import { segmentArrives } from "./receive.ts";
import { refuse } from "./refuse.ts";
import { RST, Segment } from "./segment.ts";
import { before } from "./sequence.ts";
import type { TcpOptions } from "./settings.ts";
import type { TcpShared } from "./shared.ts";
import { type State, SYN_SENT } from "./state.ts";
import { type TimeWait, TimeWaits } from "./time_wait.ts";

/** The TCP layer; it opens connections, and takes none. */
export class TcpLayer implements TcpClient, IpReceiver {
  /** What the connections share. */
  readonly shared: TcpShared;
  readonly #segment: Segment = new Segment();
  readonly #isnHash: KeyedHash;

  /**
   * Starts the layer.
   *
   * @param core The core.
   * @param ip What carries it.
   * @param options Limits and times.
   */
  constructor(core: Core, readonly ip: Ip, options: Required<TcpOptions>) {
    const counters = new TcpCounters();
    const timestampOffset = core.random();
    const demux = new Demux(core.random(), counters);
    this.#isnHash = new KeyedHash(() => core.random());
    const shared = {
      ...options,
      core,
      counters,
      buffers: new BufferPool(),
      windowShift: Math.max(0, 16 - Math.clz32(options.receiveBuffer)),
      timestampOffset,
      demux,
    };
    this.shared = { ...shared, timeWaits: new TimeWaits(shared) };
    ip.attach(PROTOCOL_TCP, this);
    core.count("tcp", counters);
    core.onClose(() => {
      // Every connection is reset, and its user told.
      for (const endpoint of demux) if (endpoint instanceof Connection) endpoint.abort();
    });
  }

  /** Reads a segment. */
  receive(packet: Packet): void {
    const { counters, demux } = this.shared;
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
    const endpoint = demux.find(packet, segment.destinationPort, segment.sourcePort);
    if (endpoint instanceof Connection) {
      if (segmentArrives(endpoint, segment, packet)) refuse(this.shared, packet, segment);
    } else if (!(segment.flags & RST) && (!endpoint || (endpoint as TimeWait).takes(this.shared, segment))) {
      this.withoutConnection(packet, segment, endpoint as TimeWait | null);
    }
  }

  /**
   * Takes a segment, no reset, that is for no connection (RFC 9293, 3.10.7.1).
   *
   * @param packet The packet.
   * @param segment The segment in it.
   * @param _old What is left of the connection whose place a SYN may take.
   */
  withoutConnection(packet: Packet, segment: Segment, _old: TimeWait | null): void {
    this.shared.counters.noConnection++;
    refuse(this.shared, packet, segment);
  }

  /** Whether somebody listens on a port. */
  listensOn(_port: number): boolean {
    return false;
  }

  /** Whether there may be one more connection; the oldest one in TIME-WAIT makes room. */
  makeRoom(): boolean {
    const { counters, maxConnections, timeWaits } = this.shared;
    return counters.connections < maxConnections || timeWaits.endOldest();
  }

  /**
   * Makes a connection, its SYN to be sent.
   *
   * @param path The way to the peer.
   * @param localPort Our port.
   * @param remotePort The peer's port.
   * @param state Its state.
   * @param iss Its initial sequence number, where that must be a certain one.
   * @returns The connection.
   */
  start(path: Path, localPort: number, remotePort: number, state: State, iss?: number): Connection {
    const { shared } = this;
    const { network, source, destination } = path;
    // RFC 6528: a clock that ticks every 4 microseconds (MUST-8), plus a keyed hash of the connection's name.
    const name = `${network.format(source)} ${localPort} ${network.format(destination)} ${remotePort}`;
    const connection = new Connection(shared, path, localPort, remotePort);
    connection.state = state;
    connection.begin(iss ?? Math.floor(shared.core.now() * 250) + this.#isnHash.hash(name) | 0);
    shared.demux.add(connection);
    return connection;
  }

  /** Hears of an ICMP error about a segment of ours; believed only if that segment may be in flight (RFC 5927, 4.1). */
  fault(packet: Packet, fault: IpFault): void {
    const { counters, demux } = this.shared;
    const tcb = demux.findPath(
      packet.ip!.destinationHash(packet),
      packet.u16(0),
      packet.u16(2),
      (path) => path.quoted(packet),
    );
    if (!(tcb instanceof Connection) || before(packet.i32(4), tcb.sndUna) || !before(packet.i32(4), tcb.sndMax)) {
      counters.strayFaults++;
      return;
    }
    if (fault.mtu > 0) {
      const { mss } = tcb;
      tcb.path.limit(fault.mtu);
      if (tcb.mss >= mss) return;
      // What was too big goes again at once, in smaller pieces.
      tcb.sndNxt = tcb.sndUna;
      tcb.timedAt = -1;
      return tcb.wake();
    }
    const error = tcb.failure(fault.code, `failed: ${fault.message}`);
    // Of a synchronized connection it is only remembered: forged ones are easy, and the network may recover (RFC 5927, 5).
    if (tcb.state === SYN_SENT && fault.hard) end(tcb, error);
    else tcb.fault = error;
  }

  /** Opens a connection, without promises. */
  open(options: TcpConnectOptions, user: TcpUser): TcpConnection {
    const { hostname, localHostname } = options;
    const remotePort = checkPort(options.port, 1);
    const { network, address } = this.parse(hostname);
    const source = localHostname === undefined ? null : this.parse(localHostname).address;
    const refused = (code: NetErrorCode, why: string): NetError =>
      new NetError(code, `Cannot connect to ${hostname} port ${remotePort}: ${why}`);
    // MUST-46: a connection has exactly two ends.
    if (network.isMany(address)) throw refused("EADDRNOTAVAIL", "it names more than one host");
    const path = network.path(address, source);
    if (typeof path === "string") throw refused(path, "no way leads there from an address of ours");
    if (!this.makeRoom()) throw refused("EMFILE", `${this.shared.maxConnections} connections are open`);
    const isFree = (port: number): boolean =>
      !this.shared.demux.findPath(
        path.hash,
        port,
        remotePort,
        (other) => sameAddress(other.destination, address) && sameAddress(other.source, path.source),
      );
    let { localPort } = options;
    if (localPort === undefined) {
      localPort = ephemeralPort(this.shared.core, (port) => !this.listensOn(port) && isFree(port));
      if (localPort === 0) throw refused("EADDRNOTAVAIL", "every local port is in use");
    } else if (!isFree(checkPort(localPort, 1))) throw refused("EADDRINUSE", `local port ${localPort} is in use`);
    const connection = this.start(path, localPort, remotePort, SYN_SENT);
    connection.user = user;
    this.shared.counters.activeOpens++;
    return connection;
  }

  /**
   * Reads an address.
   *
   * @param hostname The address in text.
   * @returns The address and its network.
   * @throws {NetError} `ENOTFOUND` when it is none.
   */
  parse(hostname: string): { readonly network: Network; readonly address: IpAddress } {
    const found = this.ip.parse(hostname);
    if (found) return found;
    throw new NetError(
      "ENOTFOUND",
      `Cannot find host "${hostname}": it is no address of a family that this stack has`,
    );
  }

  /** Opens a connection, in the shape of `Deno.connect`. */
  connect(options: TcpConnectOptions & { readonly signal?: AbortSignal }): Promise<TcpConn> {
    const { hostname, signal } = options;
    const { resolver } = this.ip;
    if (!resolver || this.ip.parse(hostname)) return connect(this, options);
    const attempt = (hostname: string, signal: AbortSignal) => connect(this, { ...options, hostname, signal });
    return resolver.connect(hostname, attempt, signal);
  }
}
