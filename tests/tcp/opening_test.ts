// How connections are opened: CLOSED, LISTEN, SYN-SENT and SYN-RECEIVED, segment by segment (3.5, 3.10.7). Sections are RFC 9293's where no other RFC is named.

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { MSS, opening } from "./opened.ts";
import { bytesOf, ScriptedPeer } from "./scripted_peer.ts";

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

test("SYN,ACK: MSS always, window scale and timestamps only where the SYN offered them (RFC 7323, 1.3)", async () => {
  const bare = new ScriptedPeer();
  bare.net.tcp.accept({ port: 80 }, () => null);
  await bare.send({ flags: "S", seq: 0 });
  assertEquals(bare.take()!.options, [2, 4, 0x05, 0xb4]);

  const rich = new ScriptedPeer();
  rich.net.tcp.accept({ port: 80 }, () => null);
  await rich.send({ flags: "S", seq: 0, options: [...MSS, 1, 3, 3, 7, 1, 1, 8, 10, ...bytesOf(99), ...bytesOf(0)] });
  const { options } = rich.take()!;
  assertEquals(options.slice(0, 8), [2, 4, 0x05, 0xb4, 1, 1, 8, 10]);
  assertEquals(options.slice(12), [...bytesOf(99), 1, 3, 3, 5]);
});

test("SYN: its options stand as Linux orders them: MSS, SACK-permitted, timestamps, window scale", async () => {
  for (
    const [options, want] of [
      [{}, [4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 5]],
      [{ sack: false }, [1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 5]],
      [{ timestamps: false }, [1, 1, 4, 2, 1, 3, 3, 5]],
      [{ sack: false, timestamps: false }, [1, 3, 3, 5]],
    ] as const
  ) {
    const peer = new ScriptedPeer(options);
    peer.net.tcp.open({ hostname: "10.0.0.1", port: 9000 }, {});
    await peer.settle();
    const got = [...peer.take()!.options];
    // TSval is any number, TSecr is 0.
    if (got.length > 12) got.fill(0, 8, 12);
    assertEquals(got, [2, 4, 0x05, 0xb4, ...want]);
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

test("SYN-RECEIVED: what is stray in the same batch does not keep the SYN,ACK back", async () => {
  const peer = new ScriptedPeer();
  peer.net.tcp.accept({ port: 80 }, () => null);
  peer.put({ flags: "S", seq: 0, options: MSS });
  peer.put({ seq: 1_000_000, absoluteAck: 0 });
  await peer.settle();
  assertEquals(peer.all().filter((line) => line.startsWith("SA")).length, 1);
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

test("SYN-SENT: data and FIN beside the SYN,ACK, or right behind it, are taken (3.10.7.3)", async () => {
  for (const beside of [true, false]) {
    const { peer, conn } = await opening();
    if (beside) peer.put({ flags: "SAF", seq: 0, ack: 1, options: MSS, data: "hello" });
    else {
      peer.put({ flags: "SA", seq: 0, ack: 1, options: MSS });
      peer.put({ flags: "FA", seq: 1, ack: 1, data: "hello" });
    }
    await peer.settle();
    peer.expect("A 1 7 0");
    assertEquals(conn.readable, 5);
  }
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

test("MSS of our SYN follows the MTU (MUST-14, MUST-67; SHLD-6)", async () => {
  for (const mtu of [576, 1400, 1500]) {
    const peer = new ScriptedPeer({}, mtu);
    peer.net.tcp.accept({ port: 80 }, () => null);
    await peer.send({ flags: "S", seq: 0 });
    const { options } = peer.take()!;
    assertEquals(options[2]! << 8 | options[3]!, mtu - 40);
  }
});
