// A peer whose every segment the test writes, and who looks at every segment that comes back: RFC 9293 from the outside.
//
// It lives on the other end of a wire for IP packets, so that no other protocol speaks.

import { foldChecksum, ManualClock, Packet, parseIpv4, seededRandom, simulate, stack, sumBytes } from "@bonsai/net";
import { memory } from "@bonsai/net/drivers/memory";
import { icmp } from "@bonsai/net/protocols/icmp";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { tcp, type TcpOptions } from "@bonsai/net/protocols/tcp";
import { assert, assertEquals } from "@std/assert";

const US = parseIpv4("10.0.0.2");
const PEER = parseIpv4("10.0.0.1");
const LETTERS = "FSRPAUEC";

/** A segment to send; what is left out is what an honest peer would say. */
export interface Sent {
  /** Control bits by letter: `"SA"`; `""` for none. */
  readonly flags?: string;
  /** From the peer's ISS on: 0 is its SYN, 1 its first byte. */
  readonly seq?: number;
  /** From our ISS on. */
  readonly ack?: number;
  readonly window?: number;
  readonly data?: Uint8Array | string;
  readonly options?: readonly number[];
  readonly urgent?: number;
  readonly badChecksum?: boolean;
  readonly port?: number;
  readonly sourcePort?: number;
  readonly reserved?: number;
  /** Absolute numbers, for what is no part of the conversation. */
  readonly absoluteSeq?: number;
  readonly absoluteAck?: number;
}

/** A segment that came, its numbers counted as in {@linkcode Sent}. */
export interface Got {
  readonly flags: string;
  readonly seq: number;
  readonly ack: number;
  readonly window: number;
  readonly length: number;
  readonly data: Uint8Array;
  readonly options: readonly number[];
  readonly urgent: number;
  readonly trafficClass: number;
  readonly at: number;
  readonly rawSeq: number;
  readonly rawAck: number;
  readonly sourcePort: number;
  readonly port: number;
}

export class ScriptedPeer {
  readonly clock: ManualClock = new ManualClock(5000);
  readonly net;
  readonly #wire;
  readonly #packet: Packet = new Packet(2000);
  readonly #inbox: { bytes: Uint8Array<ArrayBuffer>; at: number }[] = [];
  /** Our (the stack's) ISS, once it was seen. */
  iss = 0;
  /** The peer's ISS. */
  irs = 0x7fffff00;
  port = 40_000;
  stackPort = 80;
  /** The acknowledgement that an honest peer would send now. */
  acked = 0;
  /** The sequence number that an honest peer would send next. */
  next = 0;
  window = 65_535;
  timestamps = false;
  tsVal = 1;
  tsEcr = 0;

  constructor(options: TcpOptions = {}, mtu = 1500) {
    const [wire, driver] = memory("ip", { mtu });
    this.#wire = wire;
    this.net = stack({
      driver,
      clock: this.clock,
      random: seededRandom(7),
      protocols: [ipv4({ address: "10.0.0.2/24" }), icmp(), tcp(options)],
    });
  }

  /** Lets the stack and the app do all they can, without time passing. */
  async settle(): Promise<void> {
    await simulate(this.clock, [this.net], { until: () => true });
  }

  /** Sends a segment and lets the stack act on it. */
  async send(segment: Sent): Promise<void> {
    this.put(segment);
    await this.settle();
  }

  /** Puts a segment on the wire only. */
  put(segment: Sent): void {
    this.raw(this.build(segment));
  }

  /** Writes the checksums of a packet anew. */
  static seal(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const view = new DataView(bytes.buffer);
    view.setUint16(10, 0);
    view.setUint16(10, foldChecksum(sumBytes(bytes, 0, 20)));
    view.setUint16(36, 0);
    view.setUint16(36, foldChecksum(sumBytes(bytes, 12, bytes.length, 6 + bytes.length - 20)));
    return bytes;
  }

  /** Makes a packet of a segment. */
  build(segment: Sent): Uint8Array<ArrayBuffer> {
    const flags = segment.flags ?? "A";
    const data = typeof segment.data === "string" ? new TextEncoder().encode(segment.data) : segment.data;
    const options = [...segment.options ?? []];
    if (this.timestamps && segment.options === undefined) {
      options.push(1, 1, 8, 10, ...bytesOf(this.tsVal), ...bytesOf(this.tsEcr));
    }
    while (options.length % 4) options.push(0);
    const seq = segment.seq ?? this.next;
    const length = 20 + options.length + (data?.length ?? 0);
    const bytes = new Uint8Array(20 + length);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, 0x45);
    view.setUint16(2, bytes.length);
    view.setUint16(6, 0x4000);
    view.setUint8(8, 64);
    view.setUint8(9, 6);
    view.setInt32(12, PEER);
    view.setInt32(16, US);
    view.setUint16(20, segment.sourcePort ?? this.port);
    view.setUint16(22, segment.port ?? this.stackPort);
    view.setInt32(24, segment.absoluteSeq ?? this.irs + seq);
    let bits = 0;
    for (const letter of flags) bits |= 1 << LETTERS.indexOf(letter);
    if (bits & 16) view.setInt32(28, segment.absoluteAck ?? this.iss + (segment.ack ?? this.acked));
    view.setUint8(32, 20 + options.length << 2 | (segment.reserved ?? 0));
    view.setUint8(33, bits);
    view.setUint16(34, segment.window ?? this.window);
    view.setUint16(38, segment.urgent ?? 0);
    bytes.set(options, 40);
    if (data) bytes.set(data, 40 + options.length);
    ScriptedPeer.seal(bytes);
    if (segment.badChecksum) view.setUint16(36, view.getUint16(36) ^ 0x5555);
    if (segment.seq === undefined && segment.absoluteSeq === undefined && !flags.includes("R")) {
      this.next = seq + (data?.length ?? 0) + (flags.includes("F") ? 1 : 0) + (flags.includes("S") ? 1 : 0);
    }
    return bytes;
  }

  /** Puts a whole IP packet on the wire. */
  raw(bytes: Uint8Array): void {
    this.#packet.write(bytes);
    assert(this.#wire.transmit(this.#packet), "the wire is full");
    this.#wire.flush();
  }

  /** Takes the next segment that the stack sent; null when there is none. */
  take(): Got | null {
    this.#drain();
    for (;;) {
      const next = this.#inbox.shift();
      if (!next) return null;
      const { bytes, at: time } = next;
      const view = new DataView(bytes.buffer);
      const header = (bytes[0]! & 15) * 4;
      if (bytes[9] !== 6) continue;
      assertEquals(foldChecksum(sumBytes(bytes, 0, header)), 0, "IPv4 header checksum");
      const length = view.getUint16(2) - header;
      assertEquals(foldChecksum(sumBytes(bytes, 12, header + length, 6 + length)), 0, "TCP checksum");
      const at = header + (bytes[header + 12]! >> 4) * 4;
      const bits = bytes[header + 13]!;
      let flags = "";
      for (let i = 0; i < 8; i++) if (bits & 1 << i) flags += LETTERS[i];
      const rawSeq = view.getInt32(header + 4);
      const rawAck = view.getInt32(header + 8);
      if (flags.includes("S")) this.iss = rawSeq;
      const options = [...bytes.subarray(header + 20, at)];
      const stamp = options.indexOf(8);
      if (this.timestamps && stamp >= 0) this.tsEcr = view.getInt32(header + 20 + stamp + 2);
      return {
        flags,
        seq: rawSeq - this.iss | 0,
        ack: bits & 16 ? rawAck - this.irs | 0 : 0,
        window: view.getUint16(header + 14),
        length: header + length - at,
        data: bytes.subarray(at, header + length),
        options,
        urgent: view.getUint16(header + 18),
        trafficClass: bytes[1]!,
        at: time,
        rawSeq,
        rawAck,
        sourcePort: view.getUint16(header),
        port: view.getUint16(header + 2),
      };
    }
  }

  /** Lets go of everything that the stack sent; `look` sees each packet, lent. */
  discard(look?: (packet: Packet) => void): void {
    for (;;) {
      this.#packet.reset();
      if (!this.#wire.receive(this.#packet)) return;
      look?.(this.#packet);
    }
  }

  /** Takes everything that the stack sent, each as `"flags seq ack length"`. */
  all(): string[] {
    const lines: string[] = [];
    for (let got = this.take(); got; got = this.take()) lines.push(`${got.flags} ${got.seq} ${got.ack} ${got.length}`);
    return lines;
  }

  /** Expects exactly these segments to have been sent, each as `"flags seq ack length"`. */
  expect(...lines: string[]): void {
    assertEquals(this.all(), lines);
  }

  /** Lets time pass: all of it, or until the stack sends something. */
  async wait(ms: number, untilSent = false): Promise<void> {
    const end = this.clock.now() + ms;
    for (;;) {
      await this.settle();
      this.#drain();
      if (untilSent && this.#inbox.length > 0 || this.clock.now() >= end) return;
      this.clock.advanceTo(Math.min(end, Math.max(this.net.poll(), this.clock.now() + 0.001)));
    }
  }

  #drain(): void {
    for (;;) {
      this.#packet.reset();
      if (!this.#wire.receive(this.#packet)) return;
      this.#inbox.push({ bytes: this.#packet.view().slice(), at: this.clock.now() });
    }
  }

  /** Opens a connection to the stack's port; the stack must listen. */
  async open(options: readonly number[] = [2, 4, 0x05, 0xb4]): Promise<void> {
    this.timestamps = false;
    await this.send({ flags: "S", seq: 0, options });
    const answer = this.take();
    assertEquals(answer?.flags, "SA");
    if (options.includes(8)) {
      this.timestamps = true;
      this.tsVal = new DataView(Uint8Array.from(options).buffer).getInt32(options.indexOf(8) + 2);
      const stamp = answer!.options.indexOf(8);
      this.tsEcr = new DataView(Uint8Array.from(answer!.options).buffer).getInt32(stamp + 2);
    }
    this.next = 1;
    this.acked = 1;
    await this.send({ flags: "A" });
    this.expect();
  }
}

export function bytesOf(value: number): number[] {
  return [value >>> 24, value >>> 16 & 255, value >>> 8 & 255, value & 255];
}
