/**
 * Plays a capture file to a stack: a recorded peer at the other end of the wire.
 *
 * ```ts
 * import { ManualClock, simulate, stack } from "@bonsai/net";
 * import { readPcap, replay } from "@bonsai/net/drivers/replay";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 * import { tcp } from "@bonsai/net/protocols/tcp";
 *
 * const file = new Uint8Array(0); // a capture file, read from somewhere
 * const clock = new ManualClock();
 * const driver = replay("ip", readPcap(file), { from: ["10.0.0.1"], mode: "converse", clock });
 * const net = stack({ driver, clock, protocols: [ipv4({ address: "10.0.0.2/24" }), tcp()] });
 * // Start what answers here, such as a web server on net.tcp, and then:
 * await simulate(clock, [net], { until: () => driver.done });
 * driver.conversations[0]?.live.bytes(); // what the stack answered
 * ```
 *
 * @module
 */

import { foldChecksum, sumBytes } from "../core/checksum.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import type { Capture } from "../core/capture/pcap_reader.ts";
import { type Driver, type Medium, NO_OFFLOAD, type Offload } from "../core/driver.ts";
import { checkOptions } from "../core/options.ts";
import { HEADROOM, type Packet } from "../core/packet.ts";
import { Sleeper } from "../core/sleeper.ts";
import { answerArp } from "./replay/arp.ts";
import type { Conversation, ReplayedConversation } from "./replay/conversation.ts";
import { Headers } from "./replay/headers.ts";
import { REPLAY_OPTIONS, ReplayCounters, type ReplayOptions } from "./replay/options.ts";
import { canonicalAddresses, prepare, type RecordedPacket, type Recording } from "./replay/recording.ts";

export { type Capture, type CapturedPacket, CaptureError, readPcap } from "../core/capture/pcap_reader.ts";
export type { Endpoint, ReplayedConversation } from "./replay/conversation.ts";
export { REPLAY_OPTIONS, ReplayCounters, type ReplayOptions } from "./replay/options.ts";
export type { Stream } from "./replay/stream.ts";

/** Bytes that a frame may have beyond the MTU: an Ethernet header and one VLAN tag. */
const FRAME_HEADERS = 18;
/** Packets made up that wait for the stack to take them. */
const ADDED = 256;

/** A packet that the stack sent. */
export interface SentPacket {
  /** When, in the clock's milliseconds. */
  readonly time: number;
  /** The packet, from the link's header on. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The driver that plays a recording; made by {@linkcode replay}. */
export class ReplayDriver<M extends Medium = Medium> implements Driver<M> {
  /** Its name in messages and captures. */
  readonly name: string = "replay";
  /** What it carries. */
  readonly medium: M;
  /** Bytes of the largest packet, without the Ethernet header. */
  readonly mtu: number;
  /** None: a recording does nothing for the stack. */
  readonly offload: Offload = NO_OFFLOAD;
  /** What it counts. */
  readonly counters: ReplayCounters = new ReplayCounters();
  /** What the stack sent, in order, up to the number that is kept. */
  readonly sent: SentPacket[] = [];
  readonly #recording: Recording;
  readonly #clock: Clock;
  readonly #sleeper: Sleeper = new Sleeper(false);
  readonly #headers: Headers = new Headers();
  readonly #converse: boolean;
  readonly #fast: boolean;
  readonly #keep: number;
  readonly #added: Uint8Array[] = [];
  #at: number = 0;
  /** The time at which the recording's first packet was due; not a number until the stack first asks. */
  #base: number = NaN;
  /** Whether the next packet had to wait for the stack, so that those behind it are due later as well. */
  #waited: boolean = false;
  #closed: boolean = false;

  /**
   * Made by {@linkcode replay}.
   *
   * @param medium What it carries.
   * @param capture What to play.
   * @param options How, checked already.
   */
  constructor(medium: M, capture: Capture, options: ReplayOptions) {
    this.medium = medium;
    this.mtu = options.mtu ?? 1500;
    this.#clock = options.clock ?? systemClock;
    this.#converse = options.mode === "converse";
    this.#fast = options.pace === "fast";
    this.#keep = options.keep ?? 65_536;
    this.#recording = prepare(capture, {
      medium,
      from: options.from ? canonicalAddresses(options.from) : null,
      converse: this.#converse,
      frame: medium === "ethernet" ? this.mtu + FRAME_HEADERS : this.mtu,
      counters: this.counters,
    });
  }

  /** Whether every recorded packet was fed or left out. */
  get done(): boolean {
    return this.#head() === null && this.#added.length === 0;
  }

  /** The recorded TCP conversations, in the order of their first packets; none in the mode `"feed"`. */
  get conversations(): readonly ReplayedConversation[] {
    return this.#recording.conversations;
  }

  /** What the next packet waits for, in a sentence for a message; null when it waits for its time only, or there is none. */
  get waiting(): string | null {
    const head = this.#head();
    const missing = head && this.#missing(head);
    if (!missing) return null;
    const { peer, local } = head.conversation!;
    const ends = `${peer.address}.${peer.port} > ${local.address}.${local.port}`;
    return `Packet ${head.number} of the recording (${ends}) waits for ${missing}`;
  }

  /** The next packet to feed, past those that are left out. */
  #head(): RecordedPacket | null {
    const { packets } = this.#recording;
    for (; this.#at < packets.length; this.#at++) {
      const packet = packets[this.#at]!;
      const conversation = packet.conversation;
      if (!conversation || (conversation.whole && !conversation.reset)) return packet;
      this.counters.skipped++;
    }
    return null;
  }

  #missing(head: RecordedPacket): string | null {
    if (!head.conversation) return null;
    return head.conversation.missing(this.#headers.read(head.bytes, 0, head.bytes.length, this.medium));
  }

  #due(head: RecordedPacket, now: number): number {
    if (this.#fast) return now;
    if (Number.isNaN(this.#base)) this.#base = now - head.time;
    return this.#base + head.time;
  }

  /** Fills an empty packet with the next one that is due and has nothing to wait for. */
  receive(packet: Packet): boolean {
    if (this.#closed) return false;
    const added = this.#added.shift();
    if (added) return this.#fill(packet, added);
    const head = this.#head();
    if (!head) return false;
    const now = this.#clock.now();
    const due = this.#due(head, now);
    if (due > now) return false;
    if (this.#missing(head)) {
      this.#waited = true;
      return false;
    }
    if (this.#waited) this.#base += now - due;
    this.#waited = false;
    this.#at++;
    if (!this.#fill(packet, head.bytes)) {
      this.counters.oversized++;
      return false;
    }
    this.counters.fed++;
    const headers = this.#headers.read(packet.bytes, packet.start, packet.end, this.medium);
    headers.finishOffloaded();
    head.conversation?.rewrite(headers);
    return true;
  }

  #fill(packet: Packet, bytes: Uint8Array): boolean {
    if (bytes.length > packet.room) return false;
    packet.bytes.set(bytes, HEADROOM);
    packet.end = HEADROOM + bytes.length;
    return true;
  }

  /** Keeps a packet of the stack, and takes note of what it says in a conversation. */
  transmit(packet: Packet): boolean {
    if (this.#closed) return false;
    this.counters.sent++;
    if (this.sent.length < this.#keep) this.sent.push({ time: this.#clock.now(), bytes: packet.view().slice() });
    else this.counters.forgotten++;
    if (!this.#converse) return true;
    const headers = this.#headers.read(packet.bytes, packet.start, packet.end, this.medium);
    if (headers.isTcp) this.#partner(headers)?.observe(headers);
    else if (this.medium === "ethernet") this.#add(answerArp(packet.view(), this.#recording.macs));
    return true;
  }

  /** The conversation to which a segment of the stack belongs. */
  #partner(segment: Headers): Conversation | null {
    const [address, port, localPort] = [segment.destination, segment.destinationPort, segment.sourcePort];
    let partner: Conversation | null = null;
    let waiting: Conversation | null = null;
    for (const conversation of this.#recording.conversations) {
      const { peer } = conversation;
      if (peer.port !== port || peer.address !== address || !conversation.whole) continue;
      // The latest one that runs over these ports: they may serve again.
      if (conversation.active) partner = conversation.livePort === localPort ? conversation : partner;
      else waiting ??= conversation;
    }
    const opens = (segment.flags & 0x12) === 2;
    if (!opens || (partner && partner.isn === segment.seq)) return partner;
    if (waiting) waiting.livePort = localPort;
    return waiting;
  }

  #add(packet: Uint8Array | null): void {
    if (!packet || this.#added.length >= ADDED) return;
    this.counters.added++;
    this.#added.push(packet);
  }

  /** Infinity: everything is kept or counted. */
  room(): number {
    return Infinity;
  }

  /** Acknowledges what the stack sent, when a packet that is due waits for more of it. */
  flush(): void {
    const head = this.#head();
    const conversation = head?.conversation;
    if (!head || !conversation || conversation.outstanding <= 0 || !conversation.begun) return;
    const now = this.#clock.now();
    if (this.#due(head, now) > now || this.#missing(head) === null) return;
    const copy = new Uint8Array(head.bytes.length + 32);
    copy.set(head.bytes);
    const headers = this.#headers.read(copy, 0, head.bytes.length, this.medium);
    conversation.acknowledge(headers);
    headers.finish();
    if (headers.version === 4) {
      const { network, transport } = headers;
      copy[network + 10] = copy[network + 11] = 0;
      const checksum = foldChecksum(sumBytes(copy, network, transport));
      copy[network + 10] = checksum >> 8;
      copy[network + 11] = checksum;
    }
    this.#add(copy.subarray(0, headers.end));
  }

  /** When the next packet is due; infinity while it waits for the stack, or there is none. */
  next(): number {
    if (this.#closed) return Infinity;
    if (this.#added.length > 0) return -Infinity;
    const head = this.#head();
    if (!head) return Infinity;
    const now = this.#clock.now();
    const due = this.#due(head, now);
    return due <= now && this.#missing(head) ? Infinity : due;
  }

  /** Waits until a packet is due, or `ms` have passed. */
  wait(ms: number): Promise<void> {
    return this.#sleeper.sleep(this.#closed ? 0 : Math.min(ms, this.next() - this.#clock.now()));
  }

  /** Ends a wait that is under way, now. */
  wake(): void {
    this.#sleeper.wake();
  }

  /** Ends the replay; what was kept stays. */
  close(): void {
    this.#closed = true;
    this.#sleeper.wake();
  }
}

/**
 * Makes a driver that plays a recording.
 *
 * A capture of Ethernet frames plays on a driver for `"ip"` as well: the frames' IP packets do. Checksums that the recorded
 * sender left to its network card are finished.
 *
 * @param medium What the stack speaks: `"ethernet"` or `"ip"`.
 * @param capture The recording, from {@linkcode readPcap}; a damaged one plays up to the damage.
 * @param options Whose packets, when, and how.
 * @returns The driver.
 * @throws {TypeError} When an option is unknown or of another type, the driver cannot carry what was captured, or a
 * conversation has no recorded peer.
 * @throws {RangeError} When an option is out of its range.
 * @throws {SyntaxError} When one of `from` is no address.
 */
export function replay<M extends Medium>(medium: M, capture: Capture, options: ReplayOptions = {}): ReplayDriver<M> {
  checkOptions("replay", REPLAY_OPTIONS, options);
  if (options.mode === "converse" && !options.from?.length) {
    throw new TypeError('replay(): to converse it must know the recorded peer: name its address in "from"');
  }
  return new ReplayDriver(medium, capture, options);
}
