import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import { parseIpv4 } from "../../core/ipv4_address.ts";
import { seededRandom } from "../../core/random.ts";
import { stack } from "../../core/stack.ts";
import { memory } from "../../drivers/memory.ts";
import { arp } from "../../protocols/arp.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { icmp } from "../../protocols/icmp.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { udp } from "../../protocols/udp.ts";

// deno-lint-ignore explicit-function-return-type
function pair() {
  const clock = new ManualClock();
  const [left, right] = memory("ethernet");
  const a = stack({
    driver: left,
    clock,
    random: seededRandom(1),
    protocols: [ethernet(), arp(), ipv4({ address: "10.0.0.1/24" }), icmp(), udp()],
  });
  const b = stack({
    driver: right,
    clock,
    random: seededRandom(2),
    protocols: [ethernet(), arp(), ipv4({ address: "10.0.0.2/24" }), icmp(), udp()],
  });
  const settle = (): void => {
    for (let i = 0; i < 20; i++) {
      a.poll();
      b.poll();
    }
  };
  return { clock, a, b, settle };
}

for (const size of [0, 1, 1472, 1473, 8000, 65_507]) {
  test(`a datagram of ${size} bytes is echoed over Ethernet`, () => {
    const { a, b, settle } = pair();
    const data = Uint8Array.from({ length: size }, (_, i) => i * 7);
    const echo = b.udp.bind({ port: 7 }, (data, address, port) => void echo.send(data, address, port));
    const got: Uint8Array[] = [];
    const socket = a.udp.bind({ port: 0 }, (data, address, port) => {
      assertEquals(address, parseIpv4("10.0.0.2"));
      assertEquals(port, 7);
      got.push(data.slice());
    });
    assert(socket.send(data, parseIpv4("10.0.0.2"), 7));
    settle();
    assertEquals(got.length, 1);
    assertEquals(got[0], data);
    assertEquals(a.packetsTaken, 0);
    assertEquals(b.packetsTaken, 0);
    a.close();
    b.close();
  });
}

test("a closed port is reported to the connected socket, once", () => {
  const { a, b, settle } = pair();
  const errors: string[] = [];
  const socket = a.udp.bind({ port: 0, onError: (error) => errors.push(`${error.code}: ${error.message}`) }, () => {});
  socket.connect("10.0.0.2", 9);
  socket.send(new Uint8Array(3));
  settle();
  assertEquals(errors, ["ECONNREFUSED: 10.0.0.2 port 9: port unreachable"]);
  assertEquals(b.counters().udp!.noPort, 1);
  assertEquals(a.packetsTaken + b.packetsTaken, 0);
});

test("a host that is not there is reported after three requests, then at once, then asked for again", () => {
  const { a, b, clock, settle } = pair();
  const errors: string[] = [];
  const socket = a.udp.bind({ port: 0, onError: (error) => errors.push(error.code) }, () => {});
  socket.connect("10.0.0.9", 9);
  socket.send(new Uint8Array(3));
  for (let i = 0; i < 3; i++) {
    settle();
    assertEquals(errors, []);
    clock.advance(1000);
  }
  settle();
  assertEquals(errors, ["EHOSTUNREACH"]);
  assertEquals(a.counters().arp!.requests, 3);
  socket.send(new Uint8Array(3));
  settle();
  assertEquals(errors.length, 2);
  assertEquals(a.counters().arp!.requests, 3);
  clock.advance(1000);
  settle();
  socket.send(new Uint8Array(3));
  settle();
  assertEquals(errors.length, 2);
  assertEquals(a.counters().arp!.requests, 4);
  a.close();
  assertEquals(a.packetsTaken + b.packetsTaken, 0);
});

test("our own addresses are reached in the next turn", () => {
  const { a, settle } = pair();
  const got: string[] = [];
  const socket = a.udp.bind(
    { port: 5 },
    (data, address) => void got.push(`${data.length} ${a.ipv4.format(address as never)}`),
  );
  socket.send(new Uint8Array(3), parseIpv4("10.0.0.1"), 5);
  socket.send(new Uint8Array(4), parseIpv4("127.0.0.1"), 5);
  assertEquals(got, []);
  settle();
  assertEquals(got, ["3 10.0.0.1", "4 127.0.0.1"]);
  assertEquals(a.packetsTaken, 0);
});
