// Builds and reads IP packets for conformance cases. It shares nothing with the stack but the checksum.

import { foldChecksum, sumBytes } from "@bonsai/net";
import { assert, assertEquals } from "@std/assert";
import type { Wire } from "./wire.ts";

const LETTERS = "FSRPAUEC";
export const US = [10, 0, 0, 1];
export const THEM = [10, 0, 0, 2];

/** Milliseconds in which an answer must come that is due at once. */
export const SOON = 300;
/** Milliseconds after which silence counts. */
export const QUIET = 250;

export interface IpFields {
  readonly source?: readonly number[];
  readonly destination?: readonly number[];
  readonly protocol: number;
  readonly ttl?: number;
  readonly id?: number;
  /** Flags and offset, as the 16-bit field. */
  readonly fragment?: number;
  readonly options?: readonly number[];
  readonly version?: number;
  readonly headerWords?: number;
  readonly length?: number;
  readonly badChecksum?: boolean;
  readonly tos?: number;
}

export function ip(fields: IpFields, payload: Uint8Array, padding = 0): Uint8Array {
  const options = [...fields.options ?? []];
  while (options.length % 4) options.push(0);
  const header = 20 + options.length;
  const bytes = new Uint8Array(header + payload.length + padding);
  const view = new DataView(bytes.buffer);
  bytes[0] = (fields.version ?? 4) << 4 | (fields.headerWords ?? header / 4);
  bytes[1] = fields.tos ?? 0;
  view.setUint16(2, fields.length ?? header + payload.length);
  view.setUint16(4, fields.id ?? 0x1234);
  view.setUint16(6, fields.fragment ?? 0);
  bytes[8] = fields.ttl ?? 64;
  bytes[9] = fields.protocol;
  bytes.set(fields.source ?? US, 12);
  bytes.set(fields.destination ?? THEM, 16);
  bytes.set(options, 20);
  const checksum = foldChecksum(sumBytes(bytes, 0, header));
  view.setUint16(10, fields.badChecksum ? checksum ^ 1 : checksum);
  bytes.set(payload, header);
  return bytes;
}

export interface Ipv6Fields {
  readonly source?: readonly number[];
  readonly destination?: readonly number[];
  readonly next: number;
  readonly hopLimit?: number;
  readonly length?: number;
  readonly version?: number;
}

export function ip6(fields: Ipv6Fields, payload: Uint8Array, padding = 0): Uint8Array {
  const bytes = new Uint8Array(40 + payload.length + padding);
  bytes[0] = (fields.version ?? 6) << 4;
  new DataView(bytes.buffer).setUint16(4, fields.length ?? payload.length);
  bytes[6] = fields.next;
  bytes[7] = fields.hopLimit ?? 64;
  bytes.set(fields.source ?? [], 8);
  bytes.set(fields.destination ?? [], 24);
  bytes.set(payload, 40);
  return bytes;
}

/** An IP packet, read. */
export class IpPacket {
  readonly view: DataView;
  readonly payload: Uint8Array;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (bytes[0]! >> 4 === 6) {
      this.payload = bytes.subarray(40, 40 + this.view.getUint16(4));
      assertEquals(this.payload.length, this.view.getUint16(4), "payload length");
      return;
    }
    const header = (bytes[0]! & 15) * 4;
    assertEquals(bytes[0]! >> 4, 4, "version");
    assertEquals(foldChecksum(sumBytes(bytes, 0, header)), 0, "IPv4 header checksum");
    assertEquals(this.view.getUint16(2) <= bytes.length, true, "total length");
    this.payload = bytes.subarray(header, this.view.getUint16(2));
  }
  get six(): boolean {
    return this.bytes[0]! >> 4 === 6;
  }
  get protocol(): number {
    return this.bytes[this.six ? 6 : 9]!;
  }
  get ttl(): number {
    return this.bytes[this.six ? 7 : 8]!;
  }
  /** Its addresses, one behind the other. */
  get addresses(): Uint8Array {
    return this.six ? this.bytes.subarray(8, 40) : this.bytes.subarray(12, 20);
  }
  get id(): number {
    return this.view.getUint16(4);
  }
  get fragment(): number {
    return this.view.getUint16(6);
  }
  get source(): string {
    return this.bytes.subarray(12, 16).join(".");
  }
  get destination(): string {
    return this.bytes.subarray(16, 20).join(".");
  }
}

export function icmpMessage(type: number, code: number, rest: readonly number[], data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + data.length);
  bytes[0] = type;
  bytes[1] = code;
  bytes.set(rest, 4);
  bytes.set(data, 8);
  new DataView(bytes.buffer).setUint16(2, foldChecksum(sumBytes(bytes, 0, bytes.length)));
  return bytes;
}

export function pseudoSum(source: readonly number[], destination: readonly number[], protocol: number, length: number) {
  const addresses = Uint8Array.from([...source, ...destination]);
  return sumBytes(addresses, 0, addresses.length, protocol + length);
}

export interface UdpFields {
  readonly source?: number;
  readonly destination: number;
  readonly length?: number;
  readonly checksum?: number;
  /** The addresses in the pseudo-header. */
  readonly us?: readonly number[];
  readonly them?: readonly number[];
}

export function udpDatagram(fields: UdpFields, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, fields.source ?? 5000);
  view.setUint16(2, fields.destination);
  view.setUint16(4, fields.length ?? bytes.length);
  bytes.set(data, 8);
  const sum = pseudoSum(fields.us ?? US, fields.them ?? THEM, 17, fields.length ?? bytes.length);
  view.setUint16(6, fields.checksum ?? (foldChecksum(sumBytes(bytes, 0, bytes.length, sum)) || 0xffff));
  return bytes;
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export function filled(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 7 + (i >> 8));
}

/** Reads on until a packet fits, `ms` at most. */
export async function next(
  wire: Wire,
  fits: (packet: IpPacket) => boolean,
  ms = SOON,
): Promise<IpPacket | null> {
  const end = wire.now() + ms;
  for (;;) {
    const bytes = await wire.take(Math.max(end - wire.now(), 0));
    if (!bytes) return null;
    const packet = new IpPacket(bytes);
    if (fits(packet)) return packet;
  }
}

/** Waits for a whole datagram, its fragments put together. */
export async function datagram(wire: Wire, protocol: number, ms = SOON): Promise<Uint8Array | null> {
  let size = -1;
  const whole = new Uint8Array(65_536);
  let have = 0;
  for (;;) {
    const packet = await next(wire, (p) => p.protocol === protocol, ms);
    if (!packet) return null;
    const offset = (packet.fragment & 0x1fff) * 8;
    whole.set(packet.payload, offset);
    have += packet.payload.length;
    if (!(packet.fragment & 0x2000)) size = offset + packet.payload.length;
    if (have === size) return whole.slice(0, size);
  }
}

export interface TcpSent {
  readonly flags?: string;
  readonly seq?: number;
  readonly ack?: number;
  readonly window?: number;
  readonly data?: string | Uint8Array;
  readonly options?: readonly number[];
  readonly urgent?: number;
  readonly badChecksum?: boolean;
  readonly reserved?: number;
  readonly headerWords?: number;
  readonly destination?: readonly number[];
  readonly source?: readonly number[];
}

export interface TcpGot {
  readonly flags: string;
  readonly seq: number;
  readonly ack: number;
  readonly window: number;
  readonly data: Uint8Array;
  readonly options: readonly number[];
  readonly rawSeq: number;
  readonly at: number;
}

let ports = 20_000;

/** A TCP peer whose segments a case writes. Numbers count from the initial ones: 0 is the SYN, 1 the first byte. */
export class TcpPeer {
  readonly port: number = ports++;
  iss = 0;
  irs = 0x3fff_ff00 + this.port * 1000;
  next = 0;
  acked = 0;
  window = 60_000;

  constructor(public wire: Wire, readonly to: number) {}

  put(sent: TcpSent): void {
    const flags = sent.flags ?? "A";
    const data = typeof sent.data === "string" ? text(sent.data) : sent.data ?? new Uint8Array(0);
    const options = [...sent.options ?? []];
    while (options.length % 4) options.push(0);
    const bytes = new Uint8Array(20 + options.length + data.length);
    const view = new DataView(bytes.buffer);
    let bits = 0;
    for (const letter of flags) bits |= 1 << LETTERS.indexOf(letter);
    const seq = sent.seq ?? this.next;
    view.setUint16(0, this.port);
    view.setUint16(2, this.to);
    view.setInt32(4, this.irs + seq);
    if (bits & 16) view.setInt32(8, this.iss + (sent.ack ?? this.acked));
    bytes[12] = (sent.headerWords ?? (20 + options.length) / 4) << 4 | (sent.reserved ?? 0);
    bytes[13] = bits;
    view.setUint16(14, sent.window ?? this.window);
    view.setUint16(18, sent.urgent ?? 0);
    bytes.set(options, 20);
    bytes.set(data, 20 + options.length);
    const source = sent.source ?? this.wire.us ?? US;
    const destination = sent.destination ?? this.wire.them ?? THEM;
    const checksum = foldChecksum(sumBytes(bytes, 0, bytes.length, pseudoSum(source, destination, 6, bytes.length)));
    view.setUint16(16, sent.badChecksum ? checksum ^ 0x0101 : checksum);
    if (sent.seq === undefined && !flags.includes("R")) {
      this.next = seq + data.length + (flags.includes("F") ? 1 : 0) + (flags.includes("S") ? 1 : 0);
    }
    this.carry(source, destination, bytes);
  }

  /** Sends a segment in its packet. */
  carry(source: readonly number[], destination: readonly number[], segment: Uint8Array): void {
    this.wire.put(
      source.length === 16
        ? ip6({ next: 6, source, destination }, segment)
        : ip({ protocol: 6, fragment: 0x4000, source, destination }, segment),
    );
  }

  /** The next segment of this connection; null when none came in time. */
  async take(ms = SOON): Promise<TcpGot | null> {
    const packet = await next(
      this.wire,
      (p) => {
        const v = new DataView(p.payload.buffer, p.payload.byteOffset);
        return p.protocol === 6 && v.getUint16(2) === this.port && v.getUint16(0) === this.to;
      },
      ms,
    );
    if (!packet) return null;
    const { payload } = packet;
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    const sum = sumBytes(packet.addresses, 0, packet.addresses.length, 6 + payload.length);
    assertEquals(foldChecksum(sumBytes(payload, 0, payload.length, sum)), 0, "TCP checksum");
    let flags = "";
    for (let i = 0; i < 8; i++) if (payload[13]! & 1 << i) flags += LETTERS[i];
    const rawSeq = view.getInt32(4);
    if (flags.includes("S")) this.iss = rawSeq;
    const start = (payload[12]! >> 4) * 4;
    return {
      flags,
      seq: rawSeq - this.iss | 0,
      ack: payload[13]! & 16 ? view.getInt32(8) - this.irs | 0 : 0,
      window: view.getUint16(14),
      data: payload.slice(start),
      options: [...payload.subarray(20, start)],
      rawSeq,
      at: this.wire.now(),
    };
  }

  /** Expects a segment, some of its fields at least. */
  async expect(
    want: { flags?: string; seq?: number; ack?: number; length?: number; data?: string; window?: number },
    ms = SOON,
  ): Promise<TcpGot> {
    const got = await this.take(ms);
    assert(got, `nothing came, not ${JSON.stringify(want)}`);
    const fields: Record<string, unknown> = {
      flags: got.flags,
      seq: got.seq,
      ack: got.ack,
      length: got.data.length,
      data: new TextDecoder().decode(got.data),
      window: got.window,
    };
    for (const [name, value] of Object.entries(want)) {
      assertEquals(fields[name], value, `${name} of ${JSON.stringify({ ...fields, data: undefined })}`);
    }
    return got;
  }

  /** Expects silence. */
  async silence(ms = QUIET): Promise<void> {
    const got = await this.take(ms);
    assert(!got, `expected silence, got ${got && JSON.stringify({ ...got, data: got.data.length, options: [] })}`);
  }

  /** Opens the connection. */
  async open(options: readonly number[] = [2, 4, 0x05, 0xb4]): Promise<void> {
    this.put({ flags: "S", options });
    await this.expect({ flags: "SA", ack: 1 });
    this.acked = 1;
    this.put({});
  }

  /** Takes segments until so many bytes came, acknowledging each; gives them. */
  async collect(length: number, ms = 3000): Promise<Uint8Array> {
    const all = new Uint8Array(length);
    let have = 0;
    while (have < length) {
      const got = await this.take(ms);
      assert(got, `only ${have} of ${length} bytes came`);
      if (got.seq !== this.acked || got.data.length === 0) continue;
      all.set(got.data.subarray(0, length - have), have);
      have += got.data.length;
      this.acked += got.data.length;
      this.put({});
    }
    return all;
  }

  /** Ends the connection for good. */
  reset(): void {
    this.put({ flags: "R", seq: this.next });
  }
}
