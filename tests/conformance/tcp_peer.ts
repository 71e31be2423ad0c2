// The peer of a TCP connection for conformance cases: it writes its segments as they are told, and reads what comes back.

import { foldChecksum, sumBytes } from "@bonsai/net";
import { assert, assertEquals } from "@std/assert";
import { ip, ip6, next, pseudoSum, QUIET, SOON, text, THEM, US, word } from "./packets.ts";
import type { Wire } from "./wire.ts";

const LETTERS = "FSRPAUEC";

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

/** Opens a connection. */
export async function established(wire: Wire, port = 7, options?: readonly number[]): Promise<TcpPeer> {
  const peer = new TcpPeer(wire, port);
  await peer.open(options);
  return peer;
}

/** The timestamps option, behind two no-operations. */
export function stamps(value: number, echoed = 0): number[] {
  return [1, 1, 8, 10, ...word(value), ...word(echoed)];
}
