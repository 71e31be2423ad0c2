import { assert, assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import { HEADROOM, Packet } from "../../core/packet.ts";
import { seededRandom } from "../../core/random.ts";
import { memorySwitch, type MemorySwitchPort } from "../../drivers/memory.ts";
import { MacTable } from "../../drivers/memory/mac_table.ts";

const BROADCAST = 0xff;
const out = new Packet(HEADROOM + 1518);
const into = new Packet(HEADROOM + 1518);

/** Sends a frame from 02:00:00:00:00:`from` to 02:00:00:00:00:`to`; everybody for 255. */
function send(port: MemorySwitchPort, from: number, to: number, length = 60): boolean {
  const data = new Uint8Array(length);
  data.set(to === BROADCAST ? [255, 255, 255, 255, 255, 255] : [2, 0, 0, 0, 0, to]);
  data.set([2, 0, 0, 0, 0, from], 6);
  out.write(data);
  return port.transmit(out);
}

/** How many frames a port received. */
function drain(port: MemorySwitchPort): number {
  let count = 0;
  for (into.reset(); port.receive(into); into.reset()) count++;
  return count;
}

test("memorySwitch learns where addresses are and floods what it does not know", () => {
  const lan = memorySwitch();
  const ports = [lan.port(), lan.port(), lan.port()] as const;
  const [a, b, c] = ports;
  assert(send(a, 1, 2));
  assertEquals(ports.map(drain), [0, 1, 1]);
  assert(send(b, 2, 1));
  assertEquals(ports.map(drain), [1, 0, 0]);
  assert(send(a, 1, 2));
  assertEquals(ports.map(drain), [0, 1, 0]);
  assert(send(a, 1, BROADCAST));
  assertEquals(ports.map(drain), [0, 1, 1]);
  // The host moves to another port.
  assert(send(c, 2, 1));
  assertEquals(ports.map(drain), [1, 0, 0]);
  assert(send(a, 1, 2));
  assertEquals(ports.map(drain), [0, 0, 1]);
  // A frame for an address behind the port it came from goes nowhere.
  assert(send(a, 9, 1));
  assertEquals(ports.map(drain), [0, 0, 0]);
  assertEquals(a.counters.vanished, 1);
});

test("memorySwitch forgets addresses that age and ports that close", () => {
  const clock = new ManualClock();
  const lan = memorySwitch({ clock, ageing: 1000 });
  const ports = [lan.port(), lan.port(), lan.port()];
  const [a, b] = ports as [MemorySwitchPort, MemorySwitchPort];
  send(b, 2, BROADCAST);
  ports.map(drain);
  clock.advance(1000);
  a.flush();
  send(a, 1, 2);
  assertEquals(ports.map(drain), [0, 1, 0]);
  clock.advance(1);
  a.flush();
  send(a, 1, 2);
  assertEquals(ports.map(drain), [0, 1, 1]);
  send(b, 2, BROADCAST);
  ports.map(drain);
  b.close();
  b.close();
  assert(!send(b, 2, 1));
  send(a, 1, 2);
  assertEquals(ports.map(drain), [0, 0, 1]);
  // The closed port's place is free for a new end, which has no memory of the old one.
  const d = lan.port();
  assertEquals(d.name, "port1");
  send(a, 1, 2);
  assertEquals([drain(d), drain(ports[2]!)], [1, 1]);
});

test("memorySwitch drops at a full queue of one port, and the others do not suffer", () => {
  const lan = memorySwitch({ slots: 4 });
  const ports = [lan.port(), lan.port(), lan.port()];
  const [a, b, c] = ports as [MemorySwitchPort, MemorySwitchPort, MemorySwitchPort];
  send(b, 2, BROADCAST);
  send(c, 3, BROADCAST);
  ports.map(drain);
  for (let i = 0; i < 6; i++) assertEquals(send(a, 1, 2), i < 4);
  assertEquals(a.counters.full, 2);
  assert(send(a, 1, 3));
  assert(send(a, 1, BROADCAST));
  assertEquals(ports.map(drain), [0, 4, 2]);
});

test("memorySwitch refuses runts and giants", () => {
  const lan = memorySwitch({ mtu: 100 });
  const a = lan.port();
  lan.port();
  out.write(new Uint8Array(13));
  assert(!a.transmit(out));
  assert(send(a, 1, 2, 118));
  assert(!send(a, 1, 2, 119));
  assertEquals(a.counters.oversized, 1);
  assertThrows(() => memorySwitch({ addresses: 1 }), RangeError);
});

test("memorySwitch wakes whom a frame is for", async () => {
  const lan = memorySwitch();
  const [a, b, c] = [lan.port(), lan.port(), lan.port()];
  send(b, 2, BROADCAST);
  b.flush();
  [a, b, c].map(drain);
  let woken = "";
  void b.wait(Infinity).then(() => woken += "b");
  void c.wait(Infinity).then(() => woken += "c");
  send(a, 1, 2);
  a.flush();
  await Promise.resolve();
  await Promise.resolve();
  assertEquals(woken, "b");
  await b.wait(Infinity);
  c.wake();
});

test("MacTable stays within its bound and agrees with a map while that has room", () => {
  const random = seededRandom(3);
  const table = new MacTable(1024, 100);
  for (let i = 0; i < 100_000; i++) table.learn(random() & 0xfeff, random(), i % 4000, i);
  const few = new MacTable(1024, Infinity);
  const model = new Map<string, number>();
  for (let i = 0; i < 50; i++) {
    const [high, low] = [random() & 0xfeff, random()];
    few.learn(high, low, i, 0);
    few.learn(high, low, i + 1, 0);
    model.set(`${high} ${low}`, i + 1);
  }
  let found = 0;
  for (const [key, port] of model) {
    const [high, low] = key.split(" ").map(Number) as [number, number];
    const at = few.find(high, low, 1e9);
    if (at === port) found++;
    else assertEquals(at, -1);
  }
  assert(found >= 45, "a group of eight ways hardly overflows at 5 % load");
  few.forget(10);
  for (const [key, port] of model) {
    const [high, low] = key.split(" ").map(Number) as [number, number];
    if (port === 10) assertEquals(few.find(high, low, 0), -1);
  }
});
