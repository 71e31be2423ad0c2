// The windows of both sides (3.8.6). Sections are RFC 9293's where no other RFC is named.

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { TcpConnection } from "@bonsai/net/protocols/tcp";
import { bytes, MSS, opened, opening } from "./opened.ts";

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

test("the override timeout is a second at most, however long the retransmission timeout is (3.8.6.2.1)", async () => {
  const { peer, conn } = await opening();
  // The SYN was lost: RTO is 3 s for what follows (RFC 6298, 5.7).
  await peer.wait(1500, true);
  peer.all();
  await peer.send({ flags: "SA", seq: 0, ack: 1, window: 1000, options: MSS });
  peer.all();
  peer.next = peer.acked = 1;
  await peer.send({ window: 100 });
  const start = peer.clock.now();
  conn.write(bytes(5000));
  await peer.wait(10_000, true);
  const got = peer.take()!;
  assertEquals([got.length, got.at - start <= 1000], [100, true]);
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
  for (const data of [100, 5000]) {
    const { peer, conn } = await opened();
    await peer.send({ window: 100 });
    conn.write(bytes(data));
    await peer.wait(1500, true);
    const probe = peer.take()!;
    assertEquals([probe.seq, probe.length], [1, Math.min(data, 100)]);
    await peer.send({ window: 200 });
    await peer.wait(3000, true);
    const again = peer.take()!;
    assertEquals([again.seq, again.length > 0], [1, true]);
  }
});

test("a FIN waits outside of a closed window; what is asked instead holds nothing (3.8.6.1, as Linux does)", async () => {
  const { peer, conn, log } = await opened();
  await peer.send({ window: 0 });
  conn.close();
  await peer.settle();
  peer.expect();
  for (let i = 0; i < 3; i++) {
    await peer.wait(60_000, true);
    peer.expect("A 0 1 0");
    await peer.send({ window: 0 });
  }
  await peer.send({ window: 1000 });
  peer.expect("FA 1 1 0");
  // A FIN that was sent before the window closed goes again.
  await peer.send({ window: 0 });
  await peer.wait(60_000, true);
  peer.expect("FA 1 1 0");
  await peer.send({ ack: 2, window: 0 });
  await peer.send({ flags: "FA", ack: 2 });
  assertEquals(log.at(-1), "closed well");
});

test("an older acknowledgement does not set the window, however new its segment (3.10.7.4)", async () => {
  const { peer, conn } = await opened();
  conn.write(bytes(14_600));
  await peer.settle();
  peer.all();
  await peer.send({ ack: 14_601, window: 2000 });
  // Its window counts from 1,461 on.
  await peer.send({ ack: 1461, window: 60_000, seq: 5, data: "late" });
  peer.expect("A 14601 1 0");
  conn.write(bytes(14_600));
  await peer.settle();
  peer.expect("A 14601 1 1460");
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
