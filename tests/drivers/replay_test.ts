import { assert, assertEquals, assertThrows } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { foldChecksum, sumBytes } from "../../core/checksum.ts";
import { ManualClock } from "../../core/clock.ts";
import { getI32, HEADROOM, Packet, setI32 } from "../../core/packet.ts";
import { seededRandom } from "../../core/random.ts";
import { readPcap, replay, type ReplayDriver } from "../../drivers/replay.ts";
import { Headers } from "../../drivers/replay/headers.ts";
import { arp, ethernet, ipv4, ipv6, tcp, udp } from "../plugins/frames.ts";
import { pcap } from "./pcap.ts";

const HTTP = readPcap(readFileSync(new URL("../captures/http.pcap", import.meta.url)));
const packet = new Packet(HEADROOM + 8000);

/** The frames that the driver has now. */
function drain(driver: ReplayDriver): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (packet.reset(); driver.receive(packet); packet.reset()) frames.push(packet.view().slice());
  return frames;
}

const A = ethernet(0x0800, ipv4(17, udp(1, 2, [1])));
const B = ethernet(0x0806, arp(1));
const C = ethernet(0x86dd, ipv6(17, udp(3, 4, [5], true)));

test("replay feeds packets at their times, from when the stack first asks", () => {
  const clock = new ManualClock(500);
  const driver = replay("ethernet", readPcap(pcap([[1000, A], [1010.25, B], [1005, C]])), { clock });
  assertEquals(drain(driver), [A]);
  assertEquals(driver.next(), 510.25);
  clock.advanceTo(510);
  assertEquals(drain(driver), []);
  clock.advanceTo(510.25);
  assertEquals(drain(driver), [B, C], "time never goes back");
  assertEquals([driver.next(), driver.done, driver.counters.fed], [Infinity, true, 3]);
  const fast = replay("ethernet", readPcap(pcap([[1000, A], [9000, B]])), { clock, pace: "fast" });
  assertEquals(drain(fast), [A, B]);
});

test("replay feeds whose packets it is told: by IPv4, IPv6 and MAC address", () => {
  const file = readPcap(pcap([[0, A], [0, B], [0, C]]));
  const fed = (...from: string[]): Uint8Array[] => drain(replay("ethernet", file, { from, pace: "fast" }));
  assertEquals(fed("10.0.0.1"), [A, B]);
  assertEquals(fed("fd00:0:0::1"), [C]);
  assertEquals(fed("02-00-00-00-00-01"), [A, B, C]);
  assertEquals(fed("10.0.0.2", "02:00:00:00:00:02"), []);
  assertThrows(() => fed("example.org"), SyntaxError, 'cannot parse "example.org"');
});

test("replay plays frames to a stack of bare IP, and raw captures of every link type", () => {
  const clock = new ManualClock();
  const padded = Uint8Array.from([...A, 0, 0, 0]);
  assertEquals(drain(replay("ip", readPcap(pcap([[0, padded], [0, B]])), { clock })), [A.subarray(14)]);
  for (const linkType of [12, 14, 101, 228, 229]) {
    assertEquals(drain(replay("ip", readPcap(pcap([[0, A.subarray(14)]], { linkType })), { clock })), [A.subarray(14)]);
  }
  const raw = readPcap(pcap([[0, A]], { linkType: 101 }));
  assertThrows(() => replay("ethernet", raw), TypeError, 'bare IP packets, which a driver for "ethernet" cannot carry');
  assertThrows(() => replay("ip", readPcap(pcap([[0, A]], { linkType: 147 }))), TypeError, "link type 147");
});

test("replay plays a damaged capture up to the damage, and counts what it leaves out", () => {
  const whole = pcap([[0, A], [0, B], [0, C]]);
  const file = readPcap(whole.subarray(0, whole.length - 3));
  assertEquals(drain(replay("ethernet", file, { pace: "fast" })).length, 2);
  assert(file.error!.message.includes("3 of its"));
  const big = ethernet(0x0800, ipv4(17, udp(1, 2, Array(600).fill(1))));
  const driver = replay("ethernet", readPcap(pcap([[0, big], [0, A]], { snaplen: 650 })), { mtu: 500, pace: "fast" });
  assertEquals([drain(driver).length, driver.counters.oversized], [1, 1]);
  const cut = readPcap(pcap([[0, A]]));
  const short = replay("ethernet", { ...cut, packets: [{ ...cut.packets[0]!, length: 2000 }] });
  assertEquals([drain(short).length, short.counters.cut], [0, 1]);
});

test("replay finishes checksums that were left to the recorded card, and no others", () => {
  const headers = new Headers();
  const field = 14 + 20 + 6;
  for (const wrong of [false, true]) {
    const frame = A.slice();
    headers.read(frame, 0, frame.length, "ethernet");
    const partial = ~foldChecksum(headers.pseudoSum()) & 0xffff;
    frame[field] = partial >> 8;
    frame[field + 1] = partial + (wrong ? 1 : 0);
    const [fed] = drain(replay("ethernet", readPcap(pcap([[0, frame]])), { pace: "fast" }));
    assertEquals(fed, wrong ? frame : A);
  }
});

test("replay waits for the time of the next packet, for wake and for close", async () => {
  const driver = replay("ethernet", readPcap(pcap([[0, A], [3, B]])));
  assertEquals(drain(driver), [A]);
  let frames: Uint8Array[] = [];
  // A host's timer may be early by a fraction of a millisecond.
  for (let waits = 0; frames.length === 0 && waits < 5; waits++) {
    await driver.wait(Infinity);
    frames = drain(driver);
  }
  assertEquals(frames, [B]);
  const woken = driver.wait(Infinity);
  driver.wake();
  await woken;
  const closed = driver.wait(Infinity);
  driver.close();
  await closed;
  assertEquals([drain(driver).length, driver.transmit(packet)], [0, false]);
});

test("replay keeps what the stack sends, up to a number", () => {
  const driver = replay("ethernet", readPcap(pcap([])), { keep: 2, clock: new ManualClock(7) });
  for (const frame of [A, B, C]) {
    packet.write(frame);
    assert(driver.transmit(packet));
  }
  assertEquals(driver.sent, [{ time: 7, bytes: A }, { time: 7, bytes: B }]);
  assertEquals(driver.counters.forgotten, 1);
});

test("replay refuses bad options", () => {
  const file = readPcap(pcap([]));
  assertThrows(() => replay("ip", file, { mode: "converse" }), TypeError, "name its address");
  assertThrows(() => replay("ip", file, { mode: "talk" as never }), RangeError, "one of feed, converse");
  assertThrows(() => replay("ip", file, { mtu: 1 }), RangeError);
});

/** A TCP as small as can be, that plays the recorded server from other numbers, two segments at a time. */
class Server {
  readonly #driver: ReplayDriver;
  readonly #answers: Map<number, Uint8Array>;
  readonly #options: { stamps: boolean; scale: boolean };
  readonly #connections: Map<
    number,
    { isn: number; next: number; una: number; got: number; peer: number; fin: boolean }
  > = new Map();
  readonly segments: string[] = [];
  #stamp: number = 1_000_000;

  constructor(driver: ReplayDriver, answers: Map<number, Uint8Array>, options = { stamps: true, scale: true }) {
    this.#driver = driver;
    this.#answers = answers;
    this.#options = options;
  }

  receive(frame: Uint8Array): void {
    const segment = new Headers().read(frame, 0, frame.length, "ip");
    if (!segment.isTcp) return;
    assertEquals(foldChecksum(sumBytes(frame, segment.transport, segment.end, segment.pseudoSum())), 0, "TCP checksum");
    assertEquals(foldChecksum(sumBytes(frame, 0, segment.transport)), 0, "IP checksum");
    const { flags, sourcePort: port } = segment;
    if (flags & 2) {
      const isn = 0x7ffffff0 + port | 0;
      this.#connections.set(port, { isn, next: isn + 1 | 0, una: isn, got: 0, peer: segment.seq + 1 | 0, fin: false });
      return this.#send(port, 0x12, isn, new Uint8Array(0));
    }
    const c = this.#connections.get(port)!;
    assert((segment.ack - c.next | 0) <= 0, "acknowledges no more than was sent");
    assert((segment.ack - c.una | 0) >= 0 || segment.extent === 0, "takes back nothing");
    if ((segment.ack - c.una | 0) > 0) c.una = segment.ack;
    const stamp = segment.option(8, 10);
    if (this.#options.stamps) {
      assertEquals(stamp < 0 ? -1 : getI32(frame, stamp + 6), this.#stamp, "echoes the last timestamp");
    }
    const size = segment.end - segment.payload;
    if (segment.seq === c.peer && size > 0) {
      c.peer = c.peer + size | 0;
      c.got += size;
      this.#send(port, 0x10, c.next, new Uint8Array(0));
    }
    if (flags & 1 && !c.fin) {
      c.fin = true;
      c.peer = c.peer + 1 | 0;
      this.#send(port, 0x11, c.next, new Uint8Array(0));
      c.next = c.next + 1 | 0;
    }
    this.#push(port);
  }

  /** Sends what the requests so far have earned, with two segments in flight at most. */
  #push(port: number): void {
    const c = this.#connections.get(port)!;
    const answer = this.#answers.get(port)!;
    const owed = port === 37290
      ? (c.got >= 153 ? answer.length : c.got >= 77 ? 87 : 0)
      : c.got >= 5148
      ? answer.length
      : 0;
    while (!c.fin && (c.next - c.una | 0) < 2800 && (c.next - c.isn - 1 | 0) < owed) {
      const at = c.next - c.isn - 1 | 0;
      const piece = answer.subarray(at, Math.min(owed, at + 1400));
      this.#send(port, 0x18, c.next, piece);
      c.next = c.next + piece.length | 0;
    }
  }

  #send(port: number, flags: number, seq: number, payload: Uint8Array): void {
    this.#stamp++;
    const stamp = [8, 10, 0, 0, 0, 0, 0, 0, 0, 0];
    setI32(stamp as unknown as Uint8Array, 2, this.#stamp);
    for (let i = 2; i < 6; i++) stamp[i]! &= 255;
    const options = [
      ...(flags & 2 ? [2, 4, 5, 180] : []),
      ...(flags & 2 && this.#options.scale ? [1, 3, 3, 7] : []),
      ...(this.#options.stamps ? [1, 1, ...stamp] : []),
    ];
    const body = tcp({
      source: 80,
      destination: port,
      seq: seq >>> 0,
      ack: this.#connections.get(port)!.peer >>> 0,
      flags,
      window: 65_000,
      options,
      payload: [...payload],
    });
    const frame = ipv4(6, body);
    // The maker of frames sends from 10.0.0.1 to 10.0.0.2; turned round, both checksums stay right.
    const [from, to] = [frame.slice(12, 16), frame.slice(16, 20)];
    frame.set(to, 12);
    frame.set(from, 16);
    this.segments.push(`${flags}:${payload.length}`);
    packet.write(frame);
    this.#driver.transmit(packet);
  }
}

function converse(options: { stamps: boolean; scale: boolean }) {
  const clock = new ManualClock();
  const driver = replay("ip", HTTP, { from: ["10.0.0.1"], mode: "converse", clock });
  const answers = new Map(driver.conversations.map((c) => [c.peer.port, c.recorded.bytes()]));
  const server = new Server(driver, answers, options);
  const windows: number[] = [];
  for (let turns = 0; !driver.done && turns < 10_000; turns++) {
    for (const frame of drain(driver)) {
      windows.push(frame[20 + 14]! << 8 | frame[20 + 15]!);
      server.receive(frame);
    }
    driver.flush();
    const next = driver.next();
    assert(next < Infinity || driver.done, driver.waiting ?? "");
    if (next < Infinity) clock.advanceTo(next);
  }
  return { driver, server, windows };
}

test("replay converses: a recorded curl talks to a server with numbers of its own", () => {
  for (const stamps of [true, false]) {
    for (const scale of [true, false]) {
      const { driver, server, windows } = converse({ stamps, scale });
      assert(driver.done);
      assertEquals(driver.conversations.length, 2);
      assertEquals(driver.counters.skipped, 0);
      for (const { recorded, live, reset } of driver.conversations) {
        assertEquals(live.bytes(), recorded.bytes());
        assert(recorded.length > 5000 && !reset);
      }
      assert(driver.counters.added > 0, "it acknowledges for a server with a smaller window");
      assertEquals(server.segments.filter((line) => line.startsWith("17:")).length, 2);
      const [, second] = windows;
      assertEquals(second, scale ? 63 : 63 * 1024, "the window is said as this server scales it");
    }
  }
});

test("replay says what a conversation waits for, and gives up one that is reset", () => {
  const clock = new ManualClock();
  const driver = replay("ip", HTTP, { from: ["10.0.0.1"], mode: "converse", clock, pace: "fast" });
  drain(driver);
  assertEquals(driver.next(), Infinity);
  assertEquals(
    driver.waiting,
    "Packet 5 of the recording (10.0.0.1.37290 > 10.0.0.2.80) waits for the live stack's first segment",
  );
  const frame = ipv4(6, tcp({ source: 80, destination: 37290, flags: 4 }));
  frame.set([10, 0, 0, 2, 10, 0, 0, 1], 12);
  packet.write(frame);
  driver.transmit(packet);
  assert(driver.conversations[0]!.reset);
  // On to the other conversation.
  assertEquals(drain(driver).length, 1);
  assert(driver.counters.skipped > 5);
  assert(driver.waiting!.includes("37300"));
});

test("replay converses where the stack opens the connection, from a port of its own", () => {
  const clock = new ManualClock();
  const driver = replay("ip", HTTP, { from: ["10.0.0.2"], mode: "converse", clock, pace: "fast" });
  assertEquals(drain(driver), []);
  packet.write(ipv4(6, tcp({ source: 50_000, destination: 80, seq: 7000, flags: 2 })));
  driver.transmit(packet);
  const [synAck] = drain(driver);
  const segment = new Headers().read(synAck!, 0, synAck!.length, "ip");
  assertEquals([segment.flags, segment.ack, segment.destinationPort], [0x12, 7001, 50_000]);
  assertEquals(foldChecksum(sumBytes(synAck!, segment.transport, segment.end, segment.pseudoSum())), 0);
});

test("replay answers ARP for the recorded peer", () => {
  const driver = replay("ethernet", HTTP, { from: ["10.0.0.1"], mode: "converse", pace: "fast" });
  const mine = [2, 0, 0, 0, 0, 2];
  const request = ethernet(0x0806, [0, 1, 8, 0, 6, 4, 0, 1, ...mine, 10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1]);
  drain(driver);
  packet.write(request);
  driver.transmit(packet);
  const [reply] = drain(driver);
  assertEquals([...reply!.subarray(14 + 6)], [0, 2, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 2, 0, 0, 0, 0, 2, 10, 0, 0, 2]);
});

test("replay is total: mutated captures and mutated answers do not make it throw", () => {
  const random = seededRandom(4);
  const seed = readFileSync(new URL("../captures/http.pcap", import.meta.url)).subarray(0, 6000);
  for (let i = 0; i < 3000; i++) {
    const bytes = Uint8Array.from(seed);
    for (let flips = 1 + i % 40; flips > 0; flips--) bytes[24 + (random() >>> 0) % (bytes.length - 24)] = random();
    const file = readPcap(bytes);
    const driver = replay(i % 2 ? "ip" : "ethernet", file, { from: ["10.0.0.1"], mode: "converse", pace: "fast" });
    for (let turn = 0; turn < 30; turn++) {
      drain(driver);
      driver.flush();
      const answer = file.packets[(random() >>> 0) % Math.max(1, file.packets.length)]?.bytes ?? A;
      packet.write(i % 2 ? answer.subarray(14) : answer);
      driver.transmit(packet);
    }
    drain(driver);
    assert(typeof driver.next() === "number" && (driver.waiting?.length ?? 0) < 300);
  }
});
