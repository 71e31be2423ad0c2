/**
 * Plays a capture file to a stack: a recorded peer at the other end of the wire.
 *
 * ```ts
 * import { ManualClock, simulate, stack } from "@bonsai/net";
 * import { readRecording, replay } from "@bonsai/net/drivers/replay";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 * import { tcp } from "@bonsai/net/protocols/tcp";
 *
 * const file = new Uint8Array(0); // a capture file, read from somewhere
 * const clock = new ManualClock();
 * const driver = replay("ip", readRecording(file), { from: ["10.0.0.1"], mode: "converse", clock });
 * const net = stack({ driver, clock, protocols: [ipv4({ address: "10.0.0.2/24" }), tcp()] });
 * // Start what answers here, such as a web server on net.tcp, and then:
 * await simulate(clock, [net], { until: () => driver.done });
 * driver.conversations[0]?.live.bytes(); // what the stack answered
 * ```
 *
 * @module
 */

import { type Clock, systemClock } from "../core/clock.ts";
import { type Driver, type Medium, NO_OFFLOAD, type Offload } from "../core/driver.ts";
import { formatMac } from "../core/mac_address.ts";
import { checkOptions } from "../core/options.ts";
import { HEADROOM, type Packet } from "../core/packet.ts";
import { Sleeper } from "../core/sleeper.ts";
import type { Conversation, ReplayedConversation } from "./replay/conversation.ts";
import { Headers } from "./replay/headers.ts";
import { answerArp, answerNeighbour } from "./replay/neighbour.ts";
import { REPLAY_OPTIONS, ReplayCounters, type ReplayOptions } from "./replay/options.ts";
import type { Endpoint, RecordedPacket, ReplayReport } from "./replay/party.ts";
import { prepare, type Recording } from "./replay/recording.ts";
import { readAddress } from "./replay/rewrite.ts";
import { Schedule } from "./replay/schedule.ts";
import type { ReplaySource } from "./replay/source.ts";

export { type Capture, type CapturedPacket, CaptureError, readPcap } from "../core/capture/pcap_reader.ts";
export type { Ending, ReplayedConversation } from "./replay/conversation.ts";
export { REPLAY_OPTIONS, ReplayCounters, type ReplayOptions } from "./replay/options.ts";
export type { Endpoint, ReplayReport, Verdict } from "./replay/party.ts";
export { type ReadRecording, readRecording } from "./replay/read.ts";
export type { ReplaySource, SourcePacket } from "./replay/source.ts";
export type { Stream } from "./replay/stream.ts";

/** Bytes that a frame may have beyond the MTU: an Ethernet header and one VLAN tag. */
const FRAME_HEADERS = 18;
/** Milliseconds after which the stack gets again what it has not acknowledged, as a host's retransmission timeout. */
const RESEND = 200;
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
  readonly #schedule: Schedule;
  readonly #clock: Clock;
  readonly #sleeper: Sleeper = new Sleeper(false);
  readonly #headers: Headers = new Headers();
  readonly #converse: boolean;
  readonly #keep: number;
  readonly #added: Uint8Array[] = [];
  /** The stack's own MAC address, once it sent something. */
  #mac: Uint8Array | null = null;
  /** When something is sent again that the stack lacks. */
  #resendAt: number = Infinity;
  #closed: boolean = false;

  /**
   * Made by {@linkcode replay}.
   *
   * @param medium What it carries.
   * @param source What to play.
   * @param options How, checked already.
   */
  constructor(medium: M, source: ReplaySource, options: ReplayOptions) {
    this.medium = medium;
    this.mtu = options.mtu ?? 1500;
    this.#clock = options.clock ?? systemClock;
    this.#converse = options.mode === "converse";
    this.#keep = options.keep ?? 65_536;
    this.#recording = prepare(source, {
      medium,
      from: options.from ? new Set(options.from.map((text) => readAddress(text).text)) : null,
      directed: options.mode === "golden",
      converse: this.#converse,
      rewrite: options.rewrite ?? {},
      frame: medium === "ethernet" ? this.mtu + FRAME_HEADERS : this.mtu,
      counters: this.counters,
    });
    this.#schedule = new Schedule(this.#recording.packets, {
      medium,
      fast: options.pace === "fast",
      patience: options.patience ?? Infinity,
      onSkipped: () => this.counters.skipped++,
    });
  }

  /** Whether every recorded packet was fed or left out. */
  get done(): boolean {
    return this.#added.length === 0 && this.#schedule.done;
  }

  /** The recorded TCP conversations, in the order of their first packets; none unless the mode is `"converse"`. */
  get conversations(): readonly ReplayedConversation[] {
    return this.#recording.parties.conversations;
  }

  /** What was recorded of the hosts that are not in `from`: what the stack is expected to send. */
  get expected(): readonly SentPacket[] {
    return this.#recording.expected;
  }

  /** What the packets that are due wait for, in a sentence for a message; null when nothing waits for the stack. */
  get waiting(): string | null {
    const [packet] = this.#schedule.blocked(this.#clock.now());
    if (!packet) return null;
    const { peer, local } = packet.party!.report();
    const ends = `${text(peer)} > ${text(local)}`;
    return `Packet ${packet.number} of the recording (${ends}) waits for ${this.#schedule.missing(packet)}`;
  }

  /**
   * Tells whether a packet that is due waits for what the stack says to a peer.
   *
   * @param port The peer's port.
   */
  waitsFor(port: number): boolean {
    return this.#schedule.blocked(this.#clock.now()).some(({ party }) => party!.peer.port === port);
  }

  /**
   * Says what came of each recorded conversation and exchange; none unless the mode is `"converse"`.
   *
   * @returns The reports, in the order of the first packets.
   */
  reports(): ReplayReport[] {
    const { conversations, exchanges } = this.#recording.parties;
    // What the stack sent and nobody recorded is no recorded exchange.
    return [...conversations, ...exchanges.filter(({ packet }) => packet > 0)].map((party) => party.report())
      .sort((a, b) => a.packet - b.packet);
  }

  /** Fills an empty packet with the next one that is due and has nothing to wait for. */
  receive(packet: Packet): boolean {
    if (this.#closed) return false;
    for (let added = this.#added.shift(); added; added = this.#added.shift()) {
      if (this.#fill(packet, added)) return true;
    }
    for (let next = this.#take(); next; next = this.#take()) {
      if (!this.#fill(packet, next.bytes)) {
        this.counters.oversized++;
        continue;
      }
      this.counters.fed++;
      const headers = this.#headers.read(packet.bytes, packet.start, packet.end, this.medium);
      next.party?.rewrite(headers, next);
      if (this.#mac && this.medium === "ethernet") this.#toLive(packet);
      return true;
    }
    return false;
  }

  #take(): RecordedPacket | null {
    return this.#schedule.take(this.#clock.now());
  }

  #fill(packet: Packet, bytes: Uint8Array): boolean {
    if (bytes.length > packet.room) return false;
    packet.bytes.set(bytes, HEADROOM);
    packet.end = HEADROOM + bytes.length;
    return true;
  }

  /** Frames that went to the recorded host go to the live one. */
  #toLive({ bytes, start }: Packet): void {
    if (this.#converse && this.#recording.localMacs.has(formatMac(bytes, start))) bytes.set(this.#mac!, start);
  }

  /** Keeps a packet of the stack, and takes note of what it says in a conversation. */
  transmit(packet: Packet): boolean {
    if (this.#closed) return false;
    this.counters.sent++;
    if (this.sent.length < this.#keep) this.sent.push({ time: this.#clock.now(), bytes: packet.view().slice() });
    else this.counters.forgotten++;
    if (!this.#converse) return true;
    const { parties, macs } = this.#recording;
    const headers = this.#headers.read(packet.bytes, packet.start, packet.end, this.medium);
    if (this.medium === "ethernet" && packet.length >= 14) {
      this.#mac ??= packet.bytes.slice(packet.start + 6, packet.start + 12);
      const arp = answerArp(packet.view(), macs);
      if (arp) this.#add(arp);
      else if (headers.type === 0x0806) parties.observeArp(packet.view());
      if (headers.isNeighbourMessage) {
        this.#add(answerNeighbour(headers, macs));
        return true;
      }
    }
    parties.observe(headers);
    return true;
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

  /**
   * Acknowledges what the stack sent, where a packet that is due waits for more of it or the recording says nothing more; and
   * sends again what the stack lacks then.
   */
  flush(): void {
    if (!this.#converse || this.#closed) return;
    const { active } = this.#recording.parties;
    if (active.size === 0) return;
    const now = this.#clock.now();
    const blocked = new Set(this.#schedule.blocked(now).map(({ party }) => party));
    this.#resendAt = Infinity;
    for (const conversation of active) {
      const waits = blocked.has(conversation);
      if ((waits || conversation.trails) && conversation.outstanding > 0) {
        this.#send(conversation.acknowledge(this.#headers, this.medium));
      }
      if (conversation.lacks && (waits || conversation.left === 0)) this.#resend(conversation, now);
      else conversation.resendAt = NaN;
      if (conversation.over || (conversation.left === 0 && conversation.settled)) active.delete(conversation);
    }
  }

  #resend(conversation: Conversation, now: number): void {
    if (now >= conversation.resendAt) this.#send(conversation.resend(this.#headers, this.medium));
    if (!(conversation.resendAt > now)) conversation.resendAt = now + RESEND;
    this.#resendAt = Math.min(this.#resendAt, conversation.resendAt);
  }

  #send(headers: Headers | null): void {
    if (!headers) return;
    headers.finish();
    headers.finishNetwork();
    if (this.#mac && this.medium === "ethernet") headers.bytes.set(this.#mac, 0);
    this.#add(headers.bytes.slice(0, headers.end));
  }

  /** When the next packet is due; infinity while it waits for the stack, or there is none. */
  next(): number {
    if (this.#closed) return Infinity;
    return this.#added.length > 0 ? -Infinity : Math.min(this.#resendAt, this.#schedule.next(this.#clock.now()));
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

function text({ address, port }: Endpoint): string {
  return port > 0 ? `${address}.${port}` : address;
}

/**
 * Makes a driver that plays a recording.
 *
 * A capture of Ethernet frames plays on a driver for `"ip"` as well: the frames' IP packets do. Checksums that the recorded
 * sender left to its network card are finished.
 *
 * @param medium What the stack speaks: `"ethernet"` or `"ip"`.
 * @param source The recording, such as {@linkcode readRecording} gives; a damaged one plays up to the damage.
 * @param options Whose packets, when, and how.
 * @returns The driver.
 * @throws {TypeError} When an option is unknown or of another type, the driver cannot carry what was captured, or a
 * conversation has no recorded peer.
 * @throws {RangeError} When an option is out of its range.
 * @throws {SyntaxError} When one of `from` is no address.
 */
export function replay<M extends Medium>(
  medium: M,
  source: ReplaySource,
  options: ReplayOptions = {},
): ReplayDriver<M> {
  checkOptions("replay", REPLAY_OPTIONS, options);
  if (options.mode === "converse" && !options.from?.length) {
    throw new TypeError('replay(): to converse it must know the recorded peer: name its address in "from"');
  }
  return new ReplayDriver(medium, source, options);
}
