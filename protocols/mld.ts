/**
 * Multicast listener discovery for IPv6 (MLDv2, RFC 3810): tells routers and switches which groups we are in, so that they
 * send them here. The host's part of it, without source filters: every group is wanted from every source.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { ethernet } from "@bonsai/net/protocols/ethernet";
 * import { icmpv6 } from "@bonsai/net/protocols/icmpv6";
 * import { ipv6 } from "@bonsai/net/protocols/ipv6";
 * import { mld } from "@bonsai/net/protocols/mld";
 * import { ndp } from "@bonsai/net/protocols/ndp";
 * import { udp } from "@bonsai/net/protocols/udp";
 *
 * const [driver] = memory("ethernet");
 * const net = stack({ driver, protocols: [ethernet(), ndp(), ipv6(), icmpv6(), mld(), udp()] });
 * net.udp.bind({ port: 5353 }, (data) => console.log(data)).join("ff02::fb");
 * ```
 *
 * @module
 */

import { foldChecksum, sumPacket } from "../core/checksum.ts";
import type { Receiver } from "../core/driver.ts";
import { PROTOCOL_ICMPV6 } from "../core/ip.ts";
import type { IpObserver } from "../core/ip_family.ts";
import { IPV6_ALL_NODES, IPV6_ANY, Ipv6Address, isIpv6LinkLocal, readIpv6 } from "../core/ipv6_address.ts";
import { checkOptions, type OptionsSchema } from "../core/options.ts";
import type { Packet } from "../core/packet.ts";
import type { Core, Protocol } from "../core/protocol.ts";
import { fraction } from "../core/random.ts";
import { Timer } from "../core/timers.ts";
import type { Icmpv6 } from "./icmpv6.ts";
import type { Ipv6 } from "./ipv6.ts";

/** The group of all routers that speak MLDv2. */
const ALL_MLDV2_ROUTERS: Ipv6Address = /* @__PURE__ */ new Ipv6Address(0xff020000, 0, 0, 22);
/** Type: Multicast Listener Query. */
const QUERY = 130;
/** Type: Multicast Listener Report, version 2. */
const REPORT = 143;
/** Kind of a record: the group is wanted from all sources but none (MODE_IS_EXCLUDE). */
const IS_EXCLUDE = 2;
/** Kind of a record: it is wanted no more (CHANGE_TO_INCLUDE_MODE). */
const TO_INCLUDE = 3;
/** Kind of a record: it is wanted now (CHANGE_TO_EXCLUDE_MODE). */
const TO_EXCLUDE = 4;
/** How often a change is told (the Robustness Variable). */
const ROBUSTNESS = 2;
/** Milliseconds between that, at most (UNSOLICITED_REPORT_INTERVAL). */
const INTERVAL = 1000;
/** Bytes of a record without sources. */
const RECORD = 20;
/** Bytes of the Hop-by-Hop Options header. */
const HOP_BY_HOP = 8;
/** Records in a report, at most: as many as fit into the least MTU. */
const MOST_RECORDS = 59;

/** How to report. */
export interface MldOptions {
  /** Milliseconds within which a query is answered, at most; as the query says when left out. */
  readonly longestDelay?: number;
}

/** The JSON Schema of {@linkcode MldOptions}. */
export const MLD_OPTIONS: OptionsSchema<MldOptions> = {
  type: "object",
  additionalProperties: false,
  properties: { longestDelay: { type: "integer", minimum: 1, maximum: 8_387_584 } },
};

/** What the MLD layer counts. */
export class MldCounters {
  /** Queries answered. */
  queries: number = 0;
  /** Queries that are not valid. */
  badQueries: number = 0;
  /** Reports sent. */
  reports: number = 0;
}

/** What a report tells of a group. */
interface Record {
  readonly group: Ipv6Address;
  readonly kind: number;
  left: number;
}

/** The MLD layer. */
export class Mld implements Receiver, IpObserver<Ipv6Address> {
  /** What it does and drops. */
  readonly counters: MldCounters = new MldCounters();
  readonly #core: Core;
  readonly #ipv6: Ipv6;
  readonly #longest: number;
  /** Changes still to be told. */
  #changes: Record[] = [];
  /** Groups that were asked for; null for all of them. */
  #asked: Ipv6Address[] | null = [];
  readonly #change: Timer = new Timer(() => this.#tellChanges());
  readonly #answer: Timer = new Timer(() => this.#tellState());

  /**
   * Starts the layer.
   *
   * @param core The core.
   * @param ipv6 Whose groups it reports.
   * @param icmpv6 What brings the queries.
   * @param options How, checked already.
   */
  constructor(core: Core, ipv6: Ipv6, icmpv6: Icmpv6, options: MldOptions) {
    this.#core = core;
    this.#ipv6 = ipv6;
    this.#longest = options.longestDelay ?? Infinity;
    icmpv6.attachType(QUERY, this);
    ipv6.observers.push(this);
    core.count("mld", this.counters);
    for (const group of ipv6.groups) this.grouped(group, true);
  }

  /** Hears that a group was joined or left (RFC 3810, 6.1). */
  grouped(group: Ipv6Address, joined: boolean): void {
    if (!isReported(group)) return;
    this.#changes = this.#changes.filter((record) => !record.group.equals(group));
    this.#changes.push({ group, kind: joined ? TO_EXCLUDE : TO_INCLUDE, left: ROBUSTNESS });
    // What changes in one turn goes into one report.
    this.#core.timers.arm(this.#change, this.#core.now());
    this.#core.wake();
  }

  /** Reads a query (RFC 3810, 6.2). */
  receive(packet: Packet): void {
    const { bytes, network, start: at } = packet;
    // Queries come from the link, and carry a Router Alert (RFC 3810, 5.1).
    if (
      packet.length < 24 || bytes[network + 7] !== 1 || !isIpv6LinkLocal(readIpv6(bytes, network + 8)) ||
      !isAlert(bytes, network)
    ) {
      this.counters.badQueries++;
      return;
    }
    this.counters.queries++;
    const code = bytes[at + 4]! << 8 | bytes[at + 5]!;
    // From 32,768 on it is a floating-point number (RFC 3810, 5.1.3).
    const longest = code < 32_768 || packet.length < 28 ? code : (code & 0xfff | 0x1000) << (code >> 12 & 7) + 3;
    const group = readIpv6(bytes, at + 8);
    if (group.a === 0) this.#asked = null;
    else if (!this.#ipv6.inGroup(group) || !isReported(group)) return;
    else this.#asked?.push(group);
    const { timers } = this.#core;
    const delay = Math.min(longest, this.#longest) * fraction(() => this.#core.random());
    timers.arm(this.#answer, Math.min(this.#answer.deadline, this.#core.now() + delay));
  }

  #tellChanges(): void {
    // What only switches have heard is told again.
    if (this.#report(this.#changes)) { for (const record of this.#changes) record.left--; }
    this.#changes = this.#changes.filter(({ left }) => left > 0);
    if (this.#changes.length === 0) return;
    const delay = INTERVAL * fraction(() => this.#core.random());
    this.#core.timers.arm(this.#change, this.#core.now() + delay);
  }

  #tellState(): void {
    const asked = this.#asked;
    this.#asked = [];
    const groups: Ipv6Address[] = [];
    for (const group of this.#ipv6.groups) {
      const wanted = isReported(group) && (asked === null || asked.some((one) => one.equals(group)));
      if (wanted && !groups.some((other) => other.equals(group))) groups.push(group);
    }
    this.#report(groups.map((group) => ({ group, kind: IS_EXCLUDE, left: 0 })));
  }

  /**
   * Sends a report behind a Router Alert (RFC 3810, 5.2; RFC 2711).
   *
   * @returns Whether routers take it: before the link's address may be used it comes from nobody, and is for switches (RFC
   * 3810, 5.2.13), so that they let the question through whether that address is free.
   */
  #report(records: readonly Record[]): boolean {
    const own = this.#ipv6.addresses.find(({ address, usable }) => usable && isIpv6LinkLocal(address));
    const path = this.#ipv6.path(ALL_MLDV2_ROUTERS, own?.address ?? IPV6_ANY);
    if (typeof path === "string") return false;
    path.ttl = 1;
    const { pool } = this.#core;
    for (let i = 0; i < records.length; i += MOST_RECORDS) {
      const part = records.slice(i, i + MOST_RECORDS);
      const length = 8 + RECORD * part.length;
      const packet = pool.take();
      packet.end += HOP_BY_HOP + length;
      packet.setI32(0, PROTOCOL_ICMPV6 << 24 | 0x0502);
      packet.setI32(4, 0x0100);
      packet.setI32(8, REPORT << 24);
      packet.setI32(12, part.length);
      part.forEach(({ group, kind }, n) => {
        packet.setI32(16 + RECORD * n, kind << 24);
        group.write(packet.bytes, packet.start + 20 + RECORD * n);
      });
      const sum = path.addressSum + PROTOCOL_ICMPV6 + length;
      packet.setU16(10, foldChecksum(sumPacket(packet, packet.start + HOP_BY_HOP, packet.end, sum)));
      this.counters.reports++;
      path.transmit(packet, 0);
      pool.give(packet);
    }
    return own !== undefined;
  }
}

/** Whether a group is told of at all: not that of all nodes, nor what stays on this host (RFC 3810, 6). */
function isReported(group: Ipv6Address): boolean {
  return (group.a >>> 16 & 15) > 1 && !group.equals(IPV6_ALL_NODES);
}

/** Whether hop-by-hop options, which were read and are sound, hold a Router Alert (RFC 2711). */
function isAlert(bytes: Uint8Array, network: number): boolean {
  if (bytes[network + 6] !== 0) return false;
  const end = network + 48 + (bytes[network + 41]! << 3);
  for (let at = network + 42; at < end; at += bytes[at] === 0 ? 1 : 2 + bytes[at + 1]!) {
    if (bytes[at] === 5) return true;
  }
  return false;
}

/** The {@linkcode mld} protocol. */
export interface MldProtocol extends Protocol<"mld", { ipv6: Ipv6; icmpv6: Icmpv6 }, { mld: Mld }> {}

/**
 * Multicast listener discovery, the host's part.
 *
 * @param options How to report.
 * @returns The protocol.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function mld(options: MldOptions = {}): MldProtocol {
  checkOptions("mld", MLD_OPTIONS, options);
  return {
    name: "mld",
    needs: { ipv6: "required", icmpv6: "required" },
    start: (core, { ipv6, icmpv6 }) => ({ mld: new Mld(core, ipv6, icmpv6, options) }),
  };
}
