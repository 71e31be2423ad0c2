/**
 * Keeps, for each TCP connection of a stack, its first packets, its last ones and its totals.
 *
 * @module
 */

import type { Driver, Medium, Plugin, PluginContext } from "../../core/driver.ts";
import { DriverWrapper } from "../../core/driver_wrapper.ts";
import { ETHERTYPE_ARP, ETHERTYPE_IPV4 } from "../../core/ether_type.ts";
import { PROTOCOL_TCP } from "../../core/ip.ts";
import { tryParseIpv4 } from "../../core/ipv4_address.ts";
import { getI32, type Packet } from "../../core/packet.ts";
import type { TcpEndpoint } from "../../protocols/tcp.ts";
import { ACK, type ArpSeen, type Passed, type Seen, SegmentReader, SYN, transportAt, u16 } from "./segments.ts";

/** Bytes kept of a packet: its headers, and the first line of a request. */
const KEPT = 256;
/** Packets kept of a connection's beginning: two of ARP, three of the handshake, and the first request. */
const FIRST = 6;
/** Packets kept of its end. */
const LAST = 64;
/** Connections kept; the oldest is forgotten first. */
const CONNECTIONS = 512;
/** How long before a SYN an ARP message may be to belong to it, in milliseconds. */
const ARP_BEFORE = 100;

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
   * @param before What came before its SYN.
   */
  constructor(before: readonly Seen[]) {
    this.first = [...before];
  }

  /**
   * Adds a packet.
   *
   * @param passed The packet.
   * @param ip Where its IP header begins.
   */
  add(passed: Passed, ip: number): void {
    const segment = this.#reader.read(passed, ip);
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
  readonly #records: Map<number, ConnectionRecord> = new Map();
  #asked: ArpSeen[] = [];

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
    return this.#records.get(nameOf(tryParseIpv4(hostname) ?? 0, port));
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
    const ip = medium === "ethernet" ? 14 : 0;
    const type = medium === "ethernet" ? u16(bytes, start + 12) : ETHERTYPE_IPV4;
    const passed = (): Passed => ({
      time,
      sent,
      size: end - start,
      bytes: bytes.slice(start, Math.min(end, start + KEPT)),
    });
    if (type === ETHERTYPE_ARP) return this.#keepArp(passed());
    const at = transportAt(bytes, start + ip);
    if (type !== ETHERTYPE_IPV4 || end < at + 20 || bytes[start + ip + 9] !== PROTOCOL_TCP) return;
    if (u16(bytes, at + (sent ? 0 : 2)) !== this.#port) return;
    const name = nameOf(getI32(bytes, start + ip + (sent ? 16 : 12)), u16(bytes, at + (sent ? 2 : 0)));
    let record = this.#records.get(name);
    if (!record || !sent && (bytes[at + 13]! & (SYN | ACK)) === SYN && record.totals.segmentsIn > 1) {
      record = new ConnectionRecord(this.#asked.filter((message) => time - message.time < ARP_BEFORE));
      this.#asked = [];
      this.#records.delete(name);
      this.#records.set(name, record);
      if (this.#records.size > CONNECTIONS) this.#records.delete(this.#records.keys().next().value!);
    }
    record.add(passed(), ip);
  }

  #keepArp(passed: Passed): void {
    const { bytes } = passed;
    // One about the sender itself is an announcement, and concerns nobody in particular.
    if (bytes.length < 42 || getI32(bytes, 28) === getI32(bytes, 38)) return;
    this.#asked = [...this.#asked.slice(-1), { ...passed, kind: "arp", asks: u16(bytes, 20) === 1 }];
  }
}

/** An address and a port as one number. */
function nameOf(address: number, port: number): number {
  return (address >>> 0) * 65_536 + port;
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
