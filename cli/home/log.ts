/**
 * Keeps, for each TCP connection of a stack, its first packets, its last ones and its totals.
 *
 * @module
 */

import type { Driver, Medium, Plugin, PluginContext } from "../../core/driver.ts";
import { DriverWrapper } from "../../core/driver_wrapper.ts";
import { ETHERTYPE_ARP } from "../../core/ether_type.ts";
import { PROTOCOL_ICMPV6, PROTOCOL_TCP } from "../../core/ip.ts";
import { getI32, type Packet } from "../../core/packet.ts";
import type { TcpEndpoint } from "../../protocols/tcp.ts";
import {
  ACK,
  type Layers,
  type NeighbourSeen,
  type Passed,
  readLayers,
  type Seen,
  SegmentReader,
  SYN,
  u16,
} from "./segments.ts";

/** Bytes kept of a packet: its headers, and the first line of a request. */
const KEPT = 256;
/** Packets kept of a connection's beginning: two that find the neighbour, three of the handshake, and the first request. */
const FIRST = 6;
/** Packets kept of its end. */
const LAST = 64;
/** Connections kept; the oldest is forgotten first. */
const CONNECTIONS = 512;
/** How long before a SYN a neighbour may have been asked for on its behalf, in milliseconds. */
const ASKED_BEFORE = 100;
/** ICMPv6: Neighbor Solicitation, and Neighbor Advertisement. */
const SOLICITATION = 135;
const ADVERTISEMENT = 136;
/** The flag of an advertisement that answers a solicitation. */
const SOLICITED = 0x40;

/** What passed on a connection. */
export interface Totals {
  /** Segments received. */
  segmentsIn: number;
  /** Segments sent. */
  segmentsOut: number;
  /** Bytes of data received. */
  bytesIn: number;
  /** Bytes of data sent. */
  bytesOut: number;
  /** Segments that were sent again, in either direction. */
  again: number;
  /** HTTP requests. */
  requests: number;
}

/** What is kept of one connection. */
export class ConnectionRecord {
  /** This stack's end. */
  readonly local: TcpEndpoint;
  /** Its first packets. */
  readonly first: Seen[];
  /** Its last packets. */
  readonly last: Seen[] = [];
  /** Packets between `first` and `last`, no longer kept. */
  skipped: number = 0;
  /** What passed so far. */
  readonly totals: Totals = { segmentsIn: 0, segmentsOut: 0, bytesIn: 0, bytesOut: 0, again: 0, requests: 0 };
  readonly #reader: SegmentReader = new SegmentReader();

  /**
   * Begins a record.
   *
   * @param local This stack's end.
   * @param before What came before its SYN.
   */
  constructor(local: TcpEndpoint, before: readonly Seen[]) {
    this.local = local;
    this.first = [...before];
  }

  /**
   * Adds a packet.
   *
   * @param passed The packet.
   * @param layers Where its layers lie.
   */
  add(passed: Passed, layers: Layers): void {
    const segment = this.#reader.read(passed, layers);
    const { totals } = this;
    totals[segment.sent ? "segmentsOut" : "segmentsIn"]++;
    if (segment.again) totals.again++;
    else totals[segment.sent ? "bytesOut" : "bytesIn"] += segment.length;
    if (!segment.sent && !segment.again && segment.line !== "") totals.requests++;
    if (this.first.length < FIRST) this.first.push(segment);
    else {
      this.last.push(segment);
      if (this.last.length > LAST) {
        this.last.shift();
        this.skipped++;
      }
    }
  }
}

/** The connections of a stack to one of its ports. */
export class ConnectionLog {
  /** What to list among the stack's plugins. */
  readonly plugin: Plugin = (driver, context) => new LogDriver(driver, context, this);
  readonly #port: number;
  readonly #records: Map<string, ConnectionRecord> = new Map();
  #asked: NeighbourSeen[] = [];

  /**
   * Begins a log.
   *
   * @param port The stack's port.
   */
  constructor(port: number) {
    this.#port = port;
  }

  /**
   * Finds what is kept of a connection.
   *
   * @param remote Its other end.
   * @returns The record; undefined when it was forgotten.
   */
  of({ hostname, port }: TcpEndpoint): ConnectionRecord | undefined {
    return this.#records.get(`${hostname} ${port}`);
  }

  /**
   * Keeps a packet; called by the plugin.
   *
   * @param packet The packet.
   * @param medium What it begins with.
   * @param time When it passed, in milliseconds.
   * @param sent Whether the stack sent it.
   */
  keep(packet: Packet, medium: Medium, time: number, sent: boolean): void {
    const { bytes, start, end } = packet;
    const passed: Passed = { time, sent, size: end - start, bytes: bytes.slice(start, Math.min(end, start + KEPT)) };
    if (medium === "ethernet" && u16(passed.bytes, 12) === ETHERTYPE_ARP) return this.#keepArp(passed);
    const layers = readLayers(passed.bytes, medium === "ethernet" ? 14 : 0);
    if (layers?.protocol === PROTOCOL_ICMPV6) this.#keepNdp(passed, layers);
    if (layers?.protocol === PROTOCOL_TCP && layers.transport + 20 <= passed.bytes.length) {
      this.#keepTcp(passed, layers);
    }
  }

  #keepTcp(passed: Passed, layers: Layers): void {
    const { bytes, sent, time } = passed;
    const { transport, source, destination } = layers;
    const [from, to] = [u16(bytes, transport), u16(bytes, transport + 2)];
    if ((sent ? from : to) !== this.#port) return;
    const name = sent ? `${destination} ${to}` : `${source} ${from}`;
    let record = this.#records.get(name);
    const begins = !sent && (bytes[transport + 13]! & (SYN | ACK)) === SYN;
    // The ends may have served an earlier connection; a second SYN of this one is none.
    if (!record || begins && record.totals.segmentsIn > 1) {
      const local = { hostname: sent ? source : destination, port: this.#port };
      record = new ConnectionRecord(local, this.#asked.filter((asked) => time - asked.time < ASKED_BEFORE));
      this.#asked = [];
      this.#records.delete(name);
      this.#records.set(name, record);
      if (this.#records.size > CONNECTIONS) this.#records.delete(this.#records.keys().next().value!);
    }
    record.add(passed, layers);
  }

  #keepArp(passed: Passed): void {
    const { bytes } = passed;
    // One about the sender itself is an announcement, and concerns nobody in particular.
    if (bytes.length < 42 || getI32(bytes, 28) === getI32(bytes, 38)) return;
    this.#keepNeighbour({ ...passed, kind: "neighbour", protocol: "ARP", asks: u16(bytes, 20) === 1 });
  }

  #keepNdp(passed: Passed, { transport, source }: Layers): void {
    const { bytes } = passed;
    const type = bytes[transport];
    // Whoever has no address yet asks for its own; what nobody asked for is an announcement.
    const asks = type === SOLICITATION && source !== "::";
    const answers = type === ADVERTISEMENT && (bytes[transport + 4]! & SOLICITED) !== 0;
    if (asks || answers) this.#keepNeighbour({ ...passed, kind: "neighbour", protocol: "NDP", asks });
  }

  #keepNeighbour(seen: NeighbourSeen): void {
    this.#asked = [...this.#asked.slice(-1), seen];
  }
}

class LogDriver<M extends Medium> extends DriverWrapper<M> {
  readonly #context: PluginContext;
  readonly #log: ConnectionLog;

  constructor(driver: Driver<M>, context: PluginContext, log: ConnectionLog) {
    super(driver);
    this.#context = context;
    this.#log = log;
  }

  override receive(packet: Packet): boolean {
    if (!this.inner.receive(packet)) return false;
    this.#log.keep(packet, this.medium, this.#context.clock.now(), false);
    return true;
  }

  override transmit(packet: Packet): boolean {
    const sent = this.inner.transmit(packet);
    if (sent) this.#log.keep(packet, this.medium, this.#context.clock.now(), true);
    return sent;
  }
}
