import { assert, assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { seededRandom } from "../../core/random.ts";
import { HEADROOM, Packet } from "../../core/packet.ts";
import { memory } from "../../drivers/memory.ts";

function frame(...bytes: number[]): Packet {
  const packet = new Packet(HEADROOM + 2000);
  packet.write(Uint8Array.from(bytes));
  return packet;
}

function sized(length: number, fill = 7): Packet {
  const packet = new Packet(HEADROOM + 70_000);
  packet.write(new Uint8Array(length).fill(fill));
  return packet;
}

/** Whether a promise settles within some turns of the host's loop. */
async function settles(promise: Promise<unknown>, ms = 5): Promise<boolean> {
  let settled = false;
  void promise.then(() => settled = true);
  await new Promise((resolve) => setTimeout(resolve, ms));
  return settled;
}

test("memory carries frames both ways, in order", () => {
  const [left, right] = memory("ip");
  const packet = new Packet(HEADROOM + 1518);
  assert(!right.receive(packet));
  assert(left.transmit(frame(1, 2, 3)));
  assert(left.transmit(frame()));
  assert(right.transmit(frame(9)));
  assert(right.receive(packet));
  assertEquals([...packet.view()], [1, 2, 3]);
  assertEquals(packet.start, HEADROOM);
  packet.reset();
  assert(right.receive(packet));
  assertEquals(packet.length, 0);
  packet.reset();
  assert(!right.receive(packet));
  assert(left.receive(packet));
  assertEquals([...packet.view()], [9]);
});

test("memory keeps every byte at every length, through wraps of the ring", () => {
  const [left, right] = memory("ethernet", { slots: 7 });
  const random = seededRandom(1);
  const sent: Uint8Array[] = [];
  const out = new Packet(HEADROOM + 1518);
  const into = new Packet(HEADROOM + 1518);
  let received = 0;
  for (let round = 0; round < 5000; round++) {
    for (let burst = (random() >>> 0) % 8; burst > 0; burst--) {
      const data = new Uint8Array((random() >>> 0) % (round % 3 ? 1519 : 80));
      for (let i = 0; i < data.length; i++) data[i] = random();
      out.write(data);
      const room = left.room();
      assertEquals(left.transmit(out), room > 0);
      if (room > 0) sent.push(data);
    }
    for (let burst = (random() >>> 0) % 8; burst > 0; burst--) {
      into.reset();
      if (!right.receive(into)) break;
      const expected = sent[received++]!;
      if (into.length !== expected.length) assertEquals(into.length, expected.length);
      const view = into.view();
      for (let i = 0; i < expected.length; i++) if (view[i] !== expected[i]) assertEquals(view, expected);
    }
  }
  assert(received > 10_000);
  assert(left.counters.full > 100);
  assertEquals(left.counters.sent, received + sent.length - received);
});

test("memory refuses what does not fit, and counts it", () => {
  const [left, right] = memory("ip", { mtu: 100, slots: 2 });
  assert(!left.transmit(sized(101)));
  assertEquals(left.counters.oversized, 1);
  assertEquals(left.room(), 2);
  assert(left.transmit(sized(100)));
  assert(left.transmit(sized(100)));
  assertEquals(left.room(), 0);
  assert(!left.transmit(sized(1)));
  assertEquals(left.counters.full, 1);
  assert(right.receive(new Packet(HEADROOM + 100)));
  assertEquals(left.room(), 1);
  const [a] = memory("ethernet", { mtu: 100 });
  assert(a.transmit(sized(118)));
  assert(!a.transmit(sized(119)));
});

test("memory cuts a frame to a packet that is too small for it", () => {
  const [left, right] = memory("ip");
  left.transmit(sized(1400));
  const small = new Packet(HEADROOM + 100);
  assert(right.receive(small));
  assertEquals(small.length, 100);
});

test("memory carries the largest IP packets", () => {
  const [left, right] = memory("ip", { mtu: 65_535 });
  assert(left.transmit(sized(65_535, 3)));
  const packet = new Packet(HEADROOM + 65_536);
  assert(right.receive(packet));
  assertEquals(packet.length, 65_535);
  assert(packet.view().every((byte) => byte === 3));
});

test("memory: a wait ends when the other end flushes, and not before", async () => {
  const [left, right] = memory("ip");
  const wait = right.wait(Infinity);
  assert(!await settles(wait));
  left.transmit(frame(1));
  assert(!await settles(wait));
  left.flush();
  assert(await settles(wait));
});

test("memory: no wake-up is lost between a look and a wait", async () => {
  const [left, right] = memory("ip");
  assert(!right.receive(new Packet(HEADROOM + 1500)));
  left.transmit(frame(1));
  left.flush();
  assert(await settles(right.wait(Infinity)));
  left.flush();
  const packet = new Packet(HEADROOM + 1500);
  assert(right.receive(packet));
  assert(!await settles(right.wait(20)));
});

test("memory: a wait ends when room returns", async () => {
  const [left, right] = memory("ip", { slots: 1 });
  left.transmit(frame(1));
  left.flush();
  assertEquals(left.room(), 0);
  const wait = left.wait(Infinity);
  assert(!await settles(wait));
  assert(right.receive(new Packet(HEADROOM + 1500)));
  assert(await settles(wait));
  assert(!await settles(left.wait(Infinity)));
  left.wake();
  // Room that came back before the wait began counts as well.
  left.transmit(frame(1));
  assert(!left.transmit(frame(2)));
  assert(right.receive(new Packet(HEADROOM + 1500)));
  assert(await settles(left.wait(Infinity)));
});

test("memory: a wait ends by time, by wake and by close", async () => {
  const [left, right] = memory("ip");
  assert(await settles(left.wait(0)));
  assert(await settles(left.wait(1), 50));
  const woken = left.wait(Infinity);
  left.wake();
  assert(await settles(woken));
  const long = left.wait(1e12);
  assert(!await settles(long));
  left.close();
  left.close();
  assert(await settles(long));
  assert(await settles(left.wait(Infinity)));
  right.close();
});

test("memory: what a closed end sent arrives, what is sent to it vanishes", async () => {
  const [left, right] = memory("ip", { slots: 2 });
  right.transmit(frame(7));
  left.transmit(frame(1));
  left.transmit(frame(2));
  assertEquals(left.room(), 0);
  const wait = left.wait(Infinity);
  assert(await settles(wait), "there is a frame to receive");
  assert(left.receive(new Packet(HEADROOM + 1500)));
  right.transmit(frame(8));
  const starved = left.wait(0).then(() => left.receive(new Packet(HEADROOM + 1500))).then(() => left.wait(Infinity));
  assert(!await settles(starved));
  right.transmit(frame(9));
  right.close();
  assert(await settles(starved), "close flushes");
  const packet = new Packet(HEADROOM + 1500);
  assert(left.receive(packet));
  assertEquals([...packet.view()], [9]);
  assertEquals(left.room(), Infinity);
  assert(left.transmit(frame(3)));
  assertEquals(left.counters.vanished, 1);
  assert(!right.transmit(frame(4)));
  assert(!right.receive(packet));
});

test("memory refuses bad options", () => {
  assertThrows(() => memory("ip", { mtu: 10 }), RangeError, 'memory(): option "mtu" must be an integer of at least 68');
  assertThrows(() => memory("ip", { slots: 0 }), RangeError);
  assertThrows(() => memory("ip", { sluts: 1 } as never), TypeError, 'no option "sluts"');
  assertThrows(() => memory("token ring" as never), TypeError, '"ethernet" or "ip"');
});

test("memory: two ends that sleep whenever they can lose no wake-up", async () => {
  const count = 20_000;
  const random = seededRandom(5);
  const [left, right] = memory("ip", { slots: 3 });
  const sender = async (): Promise<void> => {
    for (let sent = 0; sent < count;) {
      while (sent < count && left.room() > 0 && random() & 7) {
        left.transmit(frame(sent >> 8, sent & 255));
        sent++;
      }
      left.flush();
      if (random() & 1) await Promise.resolve();
      if (sent < count && left.room() === 0) await left.wait(Infinity);
    }
  };
  const receiver = async (): Promise<number> => {
    const packet = new Packet(HEADROOM + 1518);
    for (let received = 0;;) {
      for (packet.reset(); right.receive(packet); packet.reset()) {
        assertEquals(packet.u16(0), received & 0xffff);
        if (++received === count) return received;
        if (!(random() & 3)) break;
      }
      right.flush();
      if (random() & 1) await Promise.resolve();
      await right.wait(Infinity);
    }
  };
  const stalled = new Promise<number>((resolve) => setTimeout(() => resolve(-1), 20_000).unref?.());
  assertEquals(
    await Promise.race([Promise.all([receiver(), sender()]).then(([received]) => received), stalled]),
    count,
  );
});
