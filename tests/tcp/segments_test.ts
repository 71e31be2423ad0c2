// What a peer sees of one connection, segment by segment. Section numbers are RFC 9293's where no other RFC is named.

import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { TcpConnection, TcpOptions, TcpUser } from "@bonsai/net/protocols/tcp";
import { bytesOf, ScriptedPeer } from "./scripted_peer.ts";

const MSS = [2, 4, 0x05, 0xb4];

interface Open {
  readonly peer: ScriptedPeer;
  readonly conn: TcpConnection;
  readonly log: string[];
}

/** A connection that the peer opened, with a user that writes down what it is told. */
async function opened(options: TcpOptions = {}, synOptions = MSS, user: TcpUser = {}): Promise<Open> {
  const peer = new ScriptedPeer(options);
  const log: string[] = [];
  let conn: TcpConnection | undefined;
  peer.net.tcp.accept({ port: 80 }, (c) => {
    conn = c;
    return {
      readable: () => log.push(c.readEnded ? "end" : `readable ${c.readable}`),
      closed: (_, error) => log.push(`closed ${error?.code ?? "well"}`),
      urgent: (_, ahead) => log.push(`urgent ${ahead}`),
      ...user,
    };
  });
  await peer.open(synOptions);
  return { peer, conn: conn!, log };
}

const bytes = (length: number, value = 0x61): Uint8Array => new Uint8Array(length).fill(value);

// ---- CLOSED and LISTEN -------------------------------------------------------------------------------------------------

test("CLOSED: a SYN is refused with RST,ACK of its sequence number (3.10.7.1)", async () => {
  const peer = new ScriptedPeer();
  await peer.send({ flags: "S", seq: 0, port: 81 });
  peer.iss = 0;
  const got = peer.take()!;
  assertEquals([got.flags, got.rawSeq, got.ack], ["RA", 0, 1]);
});

test("CLOSED: an ACK is refused with a RST that bears its acknowledgement number; a RST with nothing", async () => {
  const peer = new ScriptedPeer();
  await peer.send({ flags: "A", seq: 9, absoluteAck: 77, port: 81 });
  const got = peer.take()!;
  assertEquals([got.flags, got.rawSeq], ["R", 77]);
  await peer.send({ flags: "R", seq: 9, port: 81 });
  await peer.send({ flags: "RA", seq: 9, port: 81 });
  peer.expect();
});

test("CLOSED: data and FIN count in the acknowledgement of the refusal", async () => {
  const peer = new ScriptedPeer();
  await peer.send({ flags: "SF", seq: 0, data: "abc", port: 81 });
  assertEquals(peer.take()!.ack, 5);
});

test("LISTEN: an ACK is refused, a RST and a segment without control bits are dropped (3.10.7.2)", async () => {
  const peer = new ScriptedPeer();
  peer.net.tcp.accept({ port: 80 }, () => null);
  await peer.send({ flags: "A", seq: 5, absoluteAck: 1234 });
  assertEquals(peer.take()?.rawSeq, 1234);
  await peer.send({ flags: "SA", seq: 5, absoluteAck: 4321 });
  assertEquals(peer.take()?.rawSeq, 4321);
  for (const flags of ["R", "RA", "RS", "", "F", "P", "SF"]) await peer.send({ flags, seq: 5 });
  peer.expect();
});

test("a bad checksum, a short header and an offset beyond the end are dropped and counted (MUST-3)", async () => {
  const peer = new ScriptedPeer();
  peer.net.tcp.accept({ port: 80 }, () => null);
  await peer.send({ flags: "S", seq: 0, badChecksum: true });
  peer.expect();
  assertEquals(peer.net.counters().tcp!.badChecksum, 1);
});

test("SYN,ACK: MSS always, window scale and timestamps only where the SYN offered them (RFC 7323, 1.3)", async () => {
  const bare = new ScriptedPeer();
  bare.net.tcp.accept({ port: 80 }, () => null);
  await bare.send({ flags: "S", seq: 0 });
  assertEquals(bare.take()!.options, [2, 4, 0x05, 0xb4]);

  const rich = new ScriptedPeer();
  rich.net.tcp.accept({ port: 80 }, () => null);
  await rich.send({ flags: "S", seq: 0, options: [...MSS, 1, 3, 3, 7, 1, 1, 8, 10, ...bytesOf(99), ...bytesOf(0)] });
  const { options } = rich.take()!;
  assertEquals(options.slice(0, 8), [2, 4, 0x05, 0xb4, 1, 3, 3, 5]);
  assertEquals(options.slice(8, 12), [1, 1, 8, 10]);
  assertEquals(options.slice(16), bytesOf(99));
});

test("options: unknown kinds are skipped, bad lengths end the reading without harm (MUST-5, 6, 7, 64, 68)", async () => {
  for (
    const options of [[253, 4, 1, 2, ...MSS], [1, ...MSS], [2, 0], [2, 255], [2], [8, 10], [0, 2, 4, 1, 1], [5, 1]]
  ) {
    const peer = new ScriptedPeer();
    peer.net.tcp.accept({ port: 80 }, () => null);
    await peer.send({ flags: "S", seq: 0, options });
    assertEquals(peer.take()?.flags, "SA", String(options));
  }
});

test("SYN-RECEIVED: the SYN again brings the SYN,ACK again; a wrong acknowledgement a reset", async () => {
  const peer = new ScriptedPeer();
  peer.net.tcp.accept({ port: 80 }, () => null);
  await peer.send({ flags: "S", seq: 0, options: MSS });
  const first = peer.take()!;
  await peer.send({ flags: "S", seq: 0, options: MSS });
  const again = peer.take()!;
  assertEquals([again.flags, again.rawSeq, again.rawAck], ["SA", first.rawSeq, first.rawAck]);
  await peer.send({ flags: "A", seq: 1, ack: 500 });
  const reset = peer.take()!;
  assertEquals([reset.flags, reset.seq], ["R", 500]);
  await peer.send({ flags: "A", seq: 1, ack: 1 });
  peer.expect();
  assertEquals(peer.net.counters().tcp!.passiveOpens, 1);
});

test("SYN-RECEIVED: the SYN with data again brings the SYN,ACK again; another one in the window ends it", async () => {
  const peer = new ScriptedPeer();
  peer.net.tcp.accept({ port: 80 }, () => null);
  await peer.send({ flags: "S", seq: 0, data: "early" });
  peer.expect("SA 0 1 0");
  await peer.send({ flags: "S", seq: 0, data: "early" });
  peer.expect("SA 0 1 0");
  await peer.send({ flags: "S", seq: 100 });
  assertEquals(peer.take()?.flags, "RA");
  await peer.send({ seq: 1, ack: 1 });
  peer.expect("R 1 0 0");
  assertEquals(peer.net.counters().tcp!.connections, 0);
});

test("SYN-RECEIVED: an acknowledgement bears SND.NXT although the SYN's window was closed", async () => {
  const peer = new ScriptedPeer();
  peer.net.tcp.accept({ port: 80 }, () => null);
  await peer.send({ flags: "S", seq: 0, window: 0 });
  peer.expect("SA 0 1 0");
  await peer.send({ seq: 100_000, ack: 1, window: 0 });
  peer.expect("A 1 1 0");
});

test("SYN-RECEIVED: a RST returns the passive open to LISTEN; SYN,ACK goes again by RFC 6298's timer and gives up", async () => {
  const peer = new ScriptedPeer();
  let accepted = 0;
  peer.net.tcp.accept({ port: 80 }, () => (accepted++, null));
  await peer.send({ flags: "S", seq: 0, options: MSS });
  peer.take();
  await peer.send({ flags: "R", seq: 1 });
  assertEquals(peer.net.counters().tcp!.connections, 0);
  peer.irs += 100_000;
  await peer.send({ flags: "S", seq: 0, options: MSS });
  const start = peer.take()!.at;
  const times: number[] = [];
  for (let i = 0; i < 4; i++) {
    await peer.wait(70_000, true);
    const got = peer.take()!;
    assertEquals(got.flags, "SA");
    times.push(Math.round(got.at - start));
  }
  assertEquals(times, [1000, 3000, 7000, 15_000]);
  await peer.wait(120_000);
  assertEquals([peer.net.counters().tcp!.connections, accepted], [0, 0]);
});

test("data on the handshake's last ACK is delivered", async () => {
  const peer = new ScriptedPeer();
  let got = "";
  peer.net.tcp.accept({ port: 80 }, (c) => ({
    readable: () => {
      got += new TextDecoder().decode(c.peek());
      c.consume(c.readable);
    },
  }));
  await peer.send({ flags: "S", seq: 0, options: MSS });
  peer.take();
  await peer.send({ flags: "PA", seq: 1, ack: 1, data: "hello" });
  assertEquals(got, "hello");
});

test("a backlog full of handshakes lets the oldest go for a new one (RFC 4987)", async () => {
  const peer = new ScriptedPeer();
  let accepted = 0;
  peer.net.tcp.accept({ port: 80, backlog: 10 }, () => (accepted++, null));
  for (let i = 0; i < 1000; i++) {
    await peer.send({ flags: "S", seq: 0, sourcePort: 1000 + i });
    assertEquals(peer.take()?.flags, "SA");
    assert(peer.net.counters().tcp!.connections! <= 10);
  }
  await peer.send({ flags: "A", seq: 1, ack: 1, sourcePort: 1999 });
  assertEquals(accepted, 1);
});

test("TIME-WAIT is bounded: the oldest makes room", async () => {
  const peer = new ScriptedPeer({ maxConnections: 16 });
  peer.net.tcp.accept({ port: 80 }, (c) => (c.closeWrite(), null));
  for (let i = 0; i < 100; i++) {
    peer.port = 1000 + i;
    await peer.send({ flags: "S", seq: 0, options: MSS });
    assertEquals(peer.take()?.flags, "SA");
    await peer.send({ flags: "A", seq: 1, ack: 1 });
    assertEquals(peer.take()?.flags, "FA");
    await peer.send({ flags: "FA", seq: 1, ack: 2 });
    assertEquals(peer.take()?.flags, "A");
    assert(peer.net.counters().tcp!.timeWait! <= 4);
  }
});

// ---- SYN-SENT ----------------------------------------------------------------------------------------------------------

async function opening(): Promise<Open> {
  const peer = new ScriptedPeer();
  const log: string[] = [];
  const conn = peer.net.tcp.open({ hostname: "10.0.0.1", port: 9000 }, {
    opened: () => log.push("opened"),
    closed: (_, error) => log.push(`closed ${error?.code ?? "well"}`),
  });
  await peer.settle();
  const syn = peer.take()!;
  assertEquals(syn.flags, "S");
  peer.stackPort = syn.sourcePort;
  peer.port = 9000;
  return { peer, conn, log };
}

test("SYN-SENT: SYN,ACK opens, and is acknowledged at once", async () => {
  const { peer, log } = await opening();
  await peer.send({ flags: "SA", seq: 0, ack: 1, options: MSS });
  peer.expect("A 1 1 0");
  assertEquals(log, ["opened"]);
});

test("SYN-SENT: a wrong acknowledgement is answered with a reset, or ignored when it is one", async () => {
  const { peer, log } = await opening();
  await peer.send({ flags: "A", seq: 0, ack: 2 });
  assertEquals([peer.take()?.flags, peer.take()], ["R", null]);
  await peer.send({ flags: "SA", seq: 0, ack: 0 });
  assertEquals(peer.take()?.seq, 0);
  await peer.send({ flags: "RA", seq: 0, ack: 2 });
  await peer.send({ flags: "R", seq: 0 });
  peer.expect();
  assertEquals(log, []);
  await peer.send({ flags: "RA", seq: 0, ack: 1 });
  assertEquals(log, ["closed ECONNREFUSED"]);
  assertEquals(peer.net.counters().tcp!.connections, 0);
});

test("SYN-SENT: a SYN alone is a simultaneous open (MUST-10, figure 8)", async () => {
  const { peer, log } = await opening();
  await peer.send({ flags: "S", seq: 0, options: MSS });
  peer.expect("SA 0 1 0");
  await peer.send({ flags: "SA", seq: 0, ack: 1, options: MSS });
  peer.expect("A 1 1 0");
  assertEquals(log, ["opened"]);
  peer.next = peer.acked = 1;
  await peer.send({ data: "x" });
  await peer.wait(100);
  peer.expect("A 1 2 0");
});

test("SYN-SENT: the SYN goes again after 1, 2, 4 … seconds and gives up after 3 minutes (MUST-22, MUST-23)", async () => {
  const { peer, log } = await opening();
  const times: number[] = [];
  const start = peer.clock.now();
  while (log.length === 0) {
    await peer.wait(400_000, true);
    const got = peer.take();
    if (got) times.push(Math.round(got.at - start));
    else break;
  }
  assertEquals(times.slice(0, 6), [1000, 3000, 7000, 15_000, 31_000, 63_000]);
  assertEquals(log, ["closed ETIMEDOUT"]);
  assert(peer.clock.now() - start >= 180_000);
});

// ---- ESTABLISHED: sequence, reset, SYN, ACK ----------------------------------------------------------------------------

test("data is acknowledged with the delayed ACK, every second full segment at once (SHLD-18, SHLD-19, MUST-40)", async () => {
  const { peer } = await opened();
  await peer.send({ data: "abc" });
  peer.expect();
  const start = peer.clock.now();
  await peer.wait(500, true);
  const got = peer.take()!;
  assertEquals([got.flags, got.ack], ["A", 4]);
  assert(got.at - start <= 200, `${got.at - start} ms`);
  await peer.send({ data: bytes(1460) });
  peer.expect();
  await peer.send({ data: bytes(1460) });
  peer.expect("A 1 2924 0");
});

test("a batch of segments is answered with one ACK (MUST-58, MUST-59)", async () => {
  const { peer } = await opened();
  for (let i = 0; i < 10; i++) peer.put({ data: bytes(1460) });
  await peer.settle();
  peer.expect("A 1 14601 0");
});

test("duplicate data is acknowledged at once and not delivered twice (3.10.7.4)", async () => {
  const { peer, conn } = await opened();
  await peer.send({ data: "abc" });
  await peer.wait(50);
  peer.all();
  await peer.send({ seq: 1, data: "abc" });
  peer.expect("A 1 4 0");
  await peer.send({ seq: 2, data: "bcde" });
  peer.expect("A 1 6 0");
  const target = new Uint8Array(10);
  assertEquals(new TextDecoder().decode(target.subarray(0, conn.read(target))), "abcde");
});

test("data out of order is kept and answered with a duplicate ACK at once (SHLD-31; RFC 5681, 4.2)", async () => {
  const { peer, conn } = await opened();
  await peer.send({ seq: 5, data: "efgh" });
  peer.expect("A 1 1 0");
  await peer.send({ seq: 9, data: "ij" });
  peer.expect("A 1 1 0");
  await peer.send({ seq: 1, data: "abcd" });
  peer.expect("A 1 11 0");
  const target = new Uint8Array(20);
  assertEquals(new TextDecoder().decode(target.subarray(0, conn.read(target))), "abcdefghij");
});

test("a segment beyond the window is dropped and answered with an ACK; one that straddles it is cut", async () => {
  const { peer, conn } = await opened({ receiveBuffer: 4096 });
  await peer.send({ seq: 1 + 4096, data: "x" });
  peer.expect("A 1 1 0");
  await peer.send({ seq: 1, data: bytes(1460) });
  await peer.send({ seq: 1461, data: bytes(1460) });
  await peer.send({ seq: 2921, data: bytes(1400) });
  const last = peer.all().at(-1);
  assertEquals(last, "A 1 4097 0");
  assertEquals(conn.readable, 4096);
});

test("RST: exactly RCV.NXT resets; elsewhere in the window it is challenged; outside it is dropped (RFC 5961, 3)", async () => {
  const { peer, log } = await opened();
  await peer.send({ flags: "R", seq: 100 });
  peer.expect("A 1 1 0");
  await peer.send({ flags: "R", seq: -5 });
  await peer.send({ flags: "R", seq: 10_000_000 });
  peer.expect();
  assertEquals(log, []);
  await peer.send({ flags: "R", seq: 1 });
  peer.expect();
  assertEquals(log, ["closed ECONNRESET"]);
  assertEquals(peer.net.counters().tcp!.connections, 0);
});

test("SYN in a synchronized state is challenged, in the window or not (RFC 5961, 4)", async () => {
  const { peer, log } = await opened();
  for (const seq of [0, 1, 50, 1_000_000_000]) {
    await peer.send({ flags: "S", seq });
    peer.expect("A 1 1 0");
  }
  assertEquals(log, []);
});

test("challenge ACKs are limited for each connection (RFC 5961, 7)", async () => {
  const { peer } = await opened();
  for (let i = 0; i < 50; i++) await peer.send({ flags: "R", seq: 100 });
  const answers = peer.all().length;
  assert(answers >= 1 && answers <= 10, String(answers));
  await peer.wait(1100);
  await peer.send({ flags: "R", seq: 100 });
  peer.expect("A 1 1 0");
});

test("an ACK of what was not sent is answered and dropped, data and all; one too old likewise (RFC 5961, 5.2)", async () => {
  const { peer, conn } = await opened();
  await peer.send({ seq: 1, ack: 5000, data: "abc" });
  peer.expect("A 1 1 0");
  await peer.send({ seq: 1, ack: -70_000, data: "abc" });
  peer.expect("A 1 1 0");
  assertEquals(conn.readable, 0);
});

test("an ACK of our SYN's own number is too old to be believed, data and all (RFC 5961, 5.2)", async () => {
  const { peer, conn } = await opened();
  await peer.send({ seq: 1, ack: 0, data: "abc" });
  peer.expect("A 1 1 0");
  assertEquals(conn.readable, 0);
});

test("a segment without ACK is dropped", async () => {
  const { peer, conn } = await opened();
  await peer.send({ flags: "P", seq: 1, data: "abc" });
  await peer.send({ flags: "", seq: 1, data: "abc" });
  await peer.wait(100);
  peer.expect();
  assertEquals(conn.readable, 0);
});

test("reserved bits and ECN bits are ignored", async () => {
  const { peer, conn } = await opened();
  await peer.send({ flags: "APEC", seq: 1, data: "abc", reserved: 15 });
  assertEquals(conn.readable, 3);
});

// ---- Sending ----------------------------------------------------------------------------------------------------------

test("data leaves in segments of the peer's MSS, PSH on the last (MUST-61)", async () => {
  const { peer, conn } = await opened({}, [2, 4, 0x02, 0x00]);
  conn.write(bytes(1300));
  await peer.settle();
  peer.expect("A 1 1 512", "A 513 1 512", "PA 1025 1 276");
});

test("without an MSS option segments have 536 bytes (MUST-15)", async () => {
  const { peer, conn } = await opened({}, []);
  conn.write(bytes(1000));
  await peer.settle();
  peer.expect("A 1 1 536", "PA 537 1 464");
});

test("Nagle: a small segment waits while another is in flight, and does not when switched off (3.7.4, MUST-17)", async () => {
  const { peer, conn } = await opened();
  conn.write(bytes(10));
  await peer.settle();
  conn.write(bytes(10));
  await peer.settle();
  conn.write(bytes(10));
  await peer.settle();
  peer.expect("PA 1 1 10");
  await peer.send({ ack: 11 });
  peer.expect("PA 11 1 20");
  conn.setNoDelay(true);
  conn.write(bytes(5));
  await peer.settle();
  peer.expect("PA 31 1 5");
});

test("no more is in flight than the peer's window", async () => {
  const { peer, conn } = await opened();
  await peer.send({ window: 2000 });
  conn.write(bytes(10_000));
  await peer.settle();
  assertEquals(peer.all().map((line) => Number(line.split(" ")[3])).reduce((a, b) => a + b, 0) <= 2000, true);
});

test("slow start: ten segments at first, two more for each acknowledged pair (RFC 6928, RFC 5681)", async () => {
  const { peer, conn } = await opened();
  conn.write(bytes(200_000));
  await peer.settle();
  assertEquals(peer.all().length, 10);
  await peer.send({ ack: 1 + 2920 });
  assertEquals(peer.all().length, 4);
});

test("retransmission: after the RTO, doubled each time, until R2; the timer starts anew with each ACK (RFC 6298, 5)", async () => {
  const { peer, conn, log } = await opened({ timeout: 100_000 });
  conn.write(bytes(100));
  await peer.settle();
  peer.take();
  const start = peer.clock.now();
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    await peer.wait(100_000, true);
    const got = peer.take()!;
    assertEquals([got.seq, got.length], [1, 100]);
    times.push(got.at - start);
  }
  for (let i = 1; i < 5; i++) {
    const ratio = (times[i]! - times[i - 1]!) / (times[i - 1]! - (times[i - 2] ?? 0));
    assert(Math.abs(ratio - 2) < 0.01, String(times));
  }
  await peer.wait(200_000);
  assertEquals(log, ["closed ETIMEDOUT"]);
});

test("after an RTO one segment goes, then slow start (RFC 5681, 3.1)", async () => {
  const { peer, conn } = await opened();
  conn.write(bytes(14_600));
  await peer.settle();
  assertEquals(peer.all().length, 10);
  await peer.wait(2000, true);
  peer.expect("A 1 1 1460");
  await peer.send({ ack: 1461 });
  peer.expect("A 1461 1 1460", "A 2921 1 1460");
});

test("fast retransmit after three duplicate ACKs, new data by limited transmit before (RFC 5681, 3.2; RFC 3042)", async () => {
  const { peer, conn } = await opened();
  conn.write(bytes(40_000));
  await peer.settle();
  peer.all();
  await peer.send({ ack: 1 });
  peer.expect("A 14601 1 1460");
  await peer.send({ ack: 1 });
  peer.expect("A 16061 1 1460");
  await peer.send({ ack: 1 });
  assertEquals(peer.all()[0], "A 1 1 1460");
  // A partial ACK brings the next hole at once (RFC 6582).
  await peer.send({ ack: 2921 });
  assertEquals(peer.all()[0], "A 2921 1 1460");
  assertEquals(peer.net.counters().tcp!.fastRetransmits, 1);
  // The full one ends the recovery, and the window is half of what was in flight.
  await peer.send({ ack: 17_521 });
  await peer.settle();
  const flight = peer.all().map((line) => Number(line.split(" ")[3])).reduce((a, b) => a + b, 0);
  assert(flight > 0 && flight <= 17_520 / 2 + 1460, String(flight));
});

test("an ACK with data or a window change is no duplicate", async () => {
  const { peer, conn } = await opened();
  conn.write(bytes(14_600));
  await peer.settle();
  peer.all();
  for (let i = 0; i < 6; i++) await peer.send({ ack: 1, window: 60_000 - i });
  for (let i = 0; i < 3; i++) await peer.send({ ack: 1, data: "x" });
  assertEquals(peer.net.counters().tcp!.fastRetransmits, 0);
});

test("a closed window is probed with one byte, ever more rarely, as long as the peer answers (MUST-35, 36, 37)", async () => {
  const { peer, conn, log } = await opened({ timeout: 60_000 });
  await peer.send({ window: 0 });
  conn.write(bytes(3000));
  await peer.settle();
  peer.expect();
  let last = peer.clock.now();
  let gap = 0;
  for (let i = 0; i < 12; i++) {
    await peer.wait(200_000, true);
    const got = peer.take()!;
    assertEquals([got.seq, got.length], [1, 1]);
    assert(got.at - last >= Math.min(gap, 59_000), `${got.at - last} after ${gap}`);
    gap = got.at - last;
    last = got.at;
    await peer.send({ window: 0 });
  }
  assertEquals(log, []);
  await peer.send({ ack: 2, window: 5000 });
  peer.expect("A 2 1 1460", "A 1462 1 1460", "PA 2922 1 79");
});

test("a window that shrinks does no harm (MUST-34), and old segments do not set it (WL1, WL2)", async () => {
  const { peer, conn } = await opened();
  conn.write(bytes(14_600));
  await peer.settle();
  peer.all();
  await peer.send({ ack: 1461, window: 1000 });
  peer.expect();
  await peer.send({ ack: 14_601, window: 0 });
  conn.write(bytes(100));
  await peer.settle();
  peer.expect();
  await peer.send({ seq: 1, ack: 14_601, window: 500, data: "new" });
  peer.expect("PA 14601 4 100");
  await peer.send({ seq: 1, ack: 14_601, window: 0 });
  await peer.send({ seq: 4, ack: 14_701 });
  peer.all();
  conn.write(bytes(10));
  await peer.settle();
  assertEquals(peer.all().length, 1);
});

test("when the window shrinks below what was sent, acknowledgements bear a number inside of it", async () => {
  const { peer, conn } = await opened();
  conn.write(bytes(14_600));
  await peer.settle();
  peer.all();
  // A peer that rounds its window to whole KiB moves the edge back like this.
  await peer.send({ ack: 1461, window: 500 });
  await peer.send({ ack: 1461, window: 500, data: "abc" });
  await peer.wait(60, true);
  const got = peer.take()!;
  assertEquals([got.flags, got.seq, got.ack], ["A", 1961, 4]);
});

test("sender's silly window avoidance: a small window waits for the override timeout (3.8.6.2.1)", async () => {
  const { peer, conn } = await opened();
  await peer.send({ window: 100 });
  conn.write(bytes(5000));
  await peer.settle();
  peer.expect();
  await peer.wait(1500, true);
  assertEquals(peer.take()?.length, 100);
});

test("a window that stays small does not slow down more and more (3.8.6.2.1)", async () => {
  const { peer, conn } = await opened();
  await peer.send({ window: 100 });
  conn.write(bytes(5000));
  await peer.settle();
  for (let i = 0; i < 8; i++) {
    const since = peer.clock.now();
    await peer.wait(5000, true);
    const got = peer.take()!;
    assertEquals([got.seq, got.length], [1 + 100 * i, 100]);
    assert(got.at - since <= 1000, String(got.at - since));
    await peer.send({ ack: 101 + 100 * i, window: 100 });
  }
});

test("what a probe held goes again where it was lost and the window has opened since", async () => {
  for (const [window, data, fin] of [[100, 100, false], [100, 5000, false], [0, 0, true]] as const) {
    const { peer, conn } = await opened();
    await peer.send({ window });
    conn.write(bytes(data));
    if (fin) conn.closeWrite();
    await peer.wait(1500, true);
    const probe = peer.take()!;
    assertEquals([probe.seq, probe.length], [1, Math.min(data, 100)]);
    await peer.send({ window: 200 });
    await peer.wait(3000, true);
    const again = peer.take()!;
    assertEquals([again.flags.includes("F"), again.seq, again.length > 0], [fin, 1, data > 0]);
  }
});

test("receiver's silly window avoidance: reading little does not move the window (MUST-39)", async () => {
  const { peer, conn } = await opened({ receiveBuffer: 4096 });
  await peer.send({ data: bytes(1460) });
  await peer.send({ data: bytes(1460) });
  await peer.send({ data: bytes(1176) });
  await peer.wait(100);
  assertEquals(peer.all().at(-1), "A 1 4097 0");
  conn.read(new Uint8Array(100));
  await peer.wait(1000);
  peer.expect();
  // A probe learns that it is still closed.
  await peer.send({ seq: 4097, data: "x" });
  const probe = peer.take()!;
  assertEquals([probe.ack, probe.window], [4097, 0]);
  conn.read(new Uint8Array(2000));
  await peer.settle();
  const update = peer.take()!;
  assertEquals([update.flags, update.ack, update.window], ["A", 4097, 2100]);
});

test("a closed window still takes acknowledgements and resets (MUST-66)", async () => {
  const { peer, conn, log } = await opened({ receiveBuffer: 4096 });
  await peer.send({ data: bytes(1460) });
  await peer.send({ data: bytes(1460) });
  await peer.send({ data: bytes(1176) });
  conn.write(bytes(10));
  await peer.settle();
  assertEquals(conn.unacknowledged, 10);
  await peer.send({ seq: 4097, ack: 11, data: "more" });
  assertEquals(conn.unacknowledged, 0);
  await peer.send({ flags: "R", seq: 4097 });
  assertEquals(log.at(-1), "closed ECONNRESET");
});

test("windows are scaled both ways when both offer it, never in a SYN (RFC 7323, 2)", async () => {
  const { peer, conn } = await opened({ receiveBuffer: 1 << 20 }, [...MSS, 1, 3, 3, 2]);
  await peer.send({ window: 1095 });
  conn.write(bytes(20_000));
  await peer.settle();
  const segments = peer.all();
  assertEquals(segments.map((line) => Number(line.split(" ")[3])).reduce((a, b) => a + b, 0), 4 * 1095);
  await peer.send({ data: bytes(1460), window: 0 });
  await peer.send({ data: bytes(1460), window: 0 });
  // A part of the buffer is kept for rounding up.
  assertEquals(peer.take()!.window, Math.ceil(((1 << 20) - (1 << 14) - 2920) / 32));
});

test("a scaled window's right edge never moves left, whether the app reads or not (RFC 7323, 2.4; SHLD-14)", async () => {
  for (const user of [{}, { readable: (c: TcpConnection) => c.consume(c.readable) }]) {
    const { peer } = await opened({}, [...MSS, 1, 3, 3, 7], user);
    let edge = 0;
    for (let i = 0; i < 600; i++) {
      await peer.send({ data: bytes(1 + (i * 37) % 1460) });
      await peer.wait(50);
      const got = peer.take()!;
      const now = got.ack + got.window * 32;
      assert(now >= edge, `${now} after ${edge}`);
      edge = now;
      peer.all();
    }
  }
});

// ---- Timestamps ---------------------------------------------------------------------------------------------------------

const TS = [...MSS, 1, 1, 8, 10, ...bytesOf(1000), ...bytesOf(0)];

test("timestamps: echoed from the segment that moved the left edge; every segment bears them (RFC 7323, 4.3)", async () => {
  const { peer } = await opened({}, TS);
  peer.tsVal = 1001;
  await peer.send({ data: "a" });
  peer.tsVal = 1002;
  await peer.send({ data: "b" });
  await peer.wait(100);
  const got = peer.take()!;
  assertEquals(got.options.slice(0, 4), [1, 1, 8, 10]);
  assertEquals(got.options.slice(8), bytesOf(1001));
});

test("an echo of a time that never was does not spoil the retransmission timeout", async () => {
  const { peer, conn } = await opened({}, TS);
  conn.write(bytes(100));
  await peer.settle();
  peer.take();
  await peer.wait(50);
  peer.tsEcr -= 10_000_000;
  await peer.send({ ack: 101 });
  conn.write(bytes(100));
  await peer.settle();
  const first = peer.take()!;
  await peer.wait(60_000, true);
  const again = peer.take()!;
  assertEquals(again.seq, 101);
  assert(again.at - first.at < 1000, String(again.at - first.at));
});

test("two full segments are acknowledged at once, timestamps and a smaller path counted (SHLD-19)", async () => {
  for (const [options, size] of [[TS, 1448], [MSS, 1000]] as const) {
    const { peer } = await opened({}, options);
    await peer.send({ data: bytes(size) });
    peer.expect();
    await peer.send({ data: bytes(size) });
    peer.expect(`A 1 ${1 + 2 * size} 0`);
  }
});

test("PAWS: an older timestamp is answered and dropped, a RST with one is not judged by it (RFC 7323, 5)", async () => {
  const { peer, conn, log } = await opened({}, TS);
  peer.tsVal = 2000;
  await peer.send({ data: "abc" });
  await peer.wait(100);
  peer.all();
  peer.tsVal = 1999;
  const { next } = peer;
  await peer.send({ data: "old" });
  peer.expect("A 1 4 0");
  assertEquals(conn.readable, 3);
  await peer.send({ flags: "R", seq: next });
  assertEquals(log.at(-1), "closed ECONNRESET");
});

// ---- Closing -----------------------------------------------------------------------------------------------------------

test("passive close: CLOSE-WAIT may still send; LAST-ACK ends with the ACK of our FIN", async () => {
  const { peer, conn, log } = await opened();
  await peer.send({ flags: "FA" });
  peer.expect("A 1 2 0");
  assertEquals(log, ["end"]);
  conn.write(bytes(5));
  await peer.settle();
  peer.expect("PA 1 2 5");
  conn.close();
  await peer.settle();
  peer.expect("FA 6 2 0");
  await peer.send({ ack: 7 });
  assertEquals(log, ["end", "closed well"]);
  assertEquals(peer.net.counters().tcp!.connections, 0);
});

test("active close: FIN-WAIT-1, FIN-WAIT-2 still receives, TIME-WAIT of 2 MSL (MUST-13)", async () => {
  const { peer, conn, log } = await opened();
  conn.closeWrite();
  await peer.settle();
  peer.expect("FA 1 1 0");
  await peer.send({ ack: 2 });
  await peer.send({ ack: 2, data: "late" });
  assertEquals(conn.readable, 4);
  await peer.send({ flags: "FA", ack: 2 });
  assertEquals(peer.all().at(-1), "A 2 6 0");
  assertEquals(peer.net.counters().tcp!.timeWait, 1);
  assertEquals(log.at(-1), "closed well");
  // Their FIN again: acknowledged again, and the wait starts anew.
  await peer.wait(59_000);
  await peer.send({ flags: "FA", seq: 5, ack: 2 });
  peer.expect("A 2 6 0");
  await peer.wait(59_000);
  assertEquals(peer.net.counters().tcp!.timeWait, 1);
  await peer.wait(2000);
  assertEquals([peer.net.counters().tcp!.timeWait, peer.net.counters().tcp!.connections], [0, 0]);
});

test("simultaneous close: CLOSING, then TIME-WAIT", async () => {
  const { peer, conn } = await opened();
  conn.closeWrite();
  await peer.settle();
  peer.expect("FA 1 1 0");
  await peer.send({ flags: "FA", ack: 1 });
  peer.expect("A 2 2 0");
  await peer.send({ ack: 2 });
  assertEquals(peer.net.counters().tcp!.timeWait, 1);
});

test("FIN with data, and FIN that acknowledges ours, in one segment", async () => {
  const { peer, conn, log } = await opened();
  conn.write(bytes(3));
  conn.closeWrite();
  await peer.settle();
  peer.expect("FPA 1 1 3");
  await peer.send({ flags: "FA", ack: 5, data: "xyz" });
  peer.expect("A 5 5 0");
  assertEquals(peer.net.counters().tcp!.timeWait, 1);
  assertEquals(conn.readable, 3);
  assert(log.includes("closed well"));
});

test("a FIN that comes before missing data counts only after it", async () => {
  const { peer, conn, log } = await opened();
  await peer.send({ flags: "FA", seq: 4, data: "def" });
  peer.expect("A 1 1 0");
  assertEquals(log, []);
  await peer.send({ seq: 1, data: "abc" });
  peer.expect("A 1 8 0");
  assertEquals(conn.readable, 6);
  conn.consume(6);
  assertEquals(conn.readEnded, true);
});

test("our FIN goes again until it is acknowledged", async () => {
  const { peer, conn } = await opened();
  conn.close();
  await peer.settle();
  peer.expect("FA 1 1 0");
  await peer.wait(5000, true);
  peer.expect("FA 1 1 0");
});

test("data after close() is refused with a reset (RFC 1122, 4.2.2.13)", async () => {
  const { peer, conn } = await opened();
  conn.close();
  await peer.settle();
  peer.expect("FA 1 1 0");
  await peer.send({ ack: 2, data: "nobody reads this" });
  assertEquals(peer.take()?.flags, "RA");
  assertEquals(peer.net.counters().tcp!.connections, 0);
});

test("close() with unread data resets (RFC 1122, 4.2.2.13)", async () => {
  const { peer, conn, log } = await opened();
  await peer.send({ data: "unread" });
  conn.close();
  await peer.settle();
  assertEquals(peer.take()?.flags, "RA");
  assertEquals(log.at(-1), "closed ECONNABORTED");
});

test("FIN-WAIT-2 does not last for ever once the user has closed", async () => {
  const { peer, conn } = await opened();
  conn.close();
  await peer.settle();
  await peer.send({ ack: 2 });
  await peer.wait(61_000);
  assertEquals(peer.net.counters().tcp!.connections, 0);
});

test("abort() sends a reset that the peer must believe: SEG.SEQ is SND.NXT", async () => {
  const { peer, conn } = await opened();
  conn.write(bytes(10));
  await peer.settle();
  peer.all();
  conn.abort();
  await peer.settle();
  peer.expect("RA 11 1 0");
});

test("TIME-WAIT: a RST does not end it (RFC 1337); a newer SYN opens anew (RFC 1122, 4.2.2.13)", async () => {
  const { peer, conn } = await opened();
  conn.closeWrite();
  await peer.settle();
  await peer.send({ flags: "FA", ack: 2 });
  peer.all();
  await peer.send({ flags: "R", seq: 2 });
  assertEquals(peer.net.counters().tcp!.timeWait, 1);
  await peer.send({ flags: "S", seq: -10, options: MSS });
  assertEquals(peer.all().length, 1);
  assertEquals(peer.net.counters().tcp!.timeWait, 1);
  const { iss } = peer;
  await peer.send({ flags: "S", seq: 1000, options: MSS });
  const got = peer.take()!;
  assertEquals([got.flags, got.ack], ["SA", 1001]);
  assert((got.rawSeq - iss | 0) > 2, "the new ISS lies above the old numbers");
});

test("TIME-WAIT: data and another FIN are answered", async () => {
  const { peer, conn } = await opened();
  conn.close();
  await peer.settle();
  peer.expect("FA 1 1 0");
  await peer.send({ flags: "FA", ack: 2 });
  peer.expect("A 2 2 0");
  await peer.send({ data: "late", seq: 2, ack: 2 });
  peer.expect("A 2 2 0");
  await peer.send({ flags: "FA", seq: 2, ack: 2 });
  peer.expect("A 2 2 0");
  await peer.send({ seq: 2, ack: 2 });
  peer.expect();
});

test("data and FIN after the peer's FIN are ignored", async () => {
  const { peer, conn } = await opened();
  await peer.send({ flags: "FA" });
  peer.all();
  await peer.send({ seq: 2, data: "more" });
  assertEquals(conn.readable, 0);
});

// ---- Keepalive, urgent, faults ------------------------------------------------------------------------------------------

test("keepalive: off by default, probes an idle connection, gives up only after several (3.8.4, MUST-24 to 29)", async () => {
  const { peer, conn, log } = await opened();
  await peer.wait(8_000_000);
  peer.expect();
  conn.setKeepAlive(10_000);
  const start = peer.clock.now();
  await peer.wait(20_000, true);
  const probe = peer.take()!;
  assertEquals([probe.flags, probe.seq, probe.length, Math.round(probe.at - start)], ["A", 0, 0, 10_000]);
  await peer.send({});
  await peer.wait(20_000, true);
  assertEquals(peer.take()!.seq, 0);
  await peer.wait(2_000_000);
  assertEquals(log, ["closed ETIMEDOUT"]);
});

test("a keepalive probe is answered", async () => {
  const { peer } = await opened();
  await peer.send({ seq: 0 });
  peer.expect("A 1 1 0");
  await peer.send({ seq: 0, data: "?" });
  peer.expect("A 1 1 0");
});

test("urgent data is announced with how much there is, and read in line (MUST-30 to 33)", async () => {
  const { peer, conn, log } = await opened();
  await peer.send({ flags: "UA", data: "abcdef", urgent: 4 });
  assertEquals(log, ["urgent 4", "readable 6"]);
  conn.writeUrgent(bytes(5));
  await peer.settle();
  const got = peer.take()!;
  assertEquals([got.flags, got.urgent], ["PAU", 5]);
});

test("the user timeout of a connection may be set, and its Diffserv field (MUST-21, MUST-48)", async () => {
  const { peer, conn, log } = await opened();
  conn.setTrafficClass(0xb8);
  conn.setUserTimeout(5000);
  conn.write(bytes(10));
  await peer.settle();
  assertEquals(peer.take()!.trafficClass, 0xb8);
  const start = peer.clock.now();
  await peer.wait(60_000);
  assertEquals(log, ["closed ETIMEDOUT"]);
  assert(peer.clock.now() - start >= 5000);
  for (const value of [-1, 256, 1.5]) assertThrows(() => conn.setTrafficClass(value), RangeError, "0 to 255");
  for (const value of [0, -1, NaN]) assertThrows(() => conn.setUserTimeout(value), RangeError, "above 0 ms");
});

test("MSS of our SYN follows the MTU (MUST-14, MUST-67; SHLD-6)", async () => {
  for (const mtu of [576, 1400, 1500]) {
    const peer = new ScriptedPeer({}, mtu);
    peer.net.tcp.accept({ port: 80 }, () => null);
    await peer.send({ flags: "S", seq: 0 });
    const { options } = peer.take()!;
    assertEquals(options[2]! << 8 | options[3]!, mtu - 40);
  }
});

test("segments to or from many hosts are dropped in silence (MUST-57, MUST-63)", async () => {
  const peer = new ScriptedPeer();
  peer.net.tcp.accept({ port: 80 }, () => null);
  for (const [at, value] of [[16, 0xffffffff], [16, 0xe0000001], [12, 0xffffffff], [12, 0xe0000001]] as const) {
    const syn = peer.build({ flags: "S", seq: 0 });
    new DataView(syn.buffer).setUint32(at, value);
    peer.raw(ScriptedPeer.seal(syn));
    await peer.settle();
  }
  peer.expect();
  assertEquals(peer.net.counters().tcp!.connections, 0);
});
