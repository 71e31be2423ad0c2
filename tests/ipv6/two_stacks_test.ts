import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import { parseIpv6 } from "../../core/ipv6_address.ts";
import { seededRandom } from "../../core/random.ts";
import { stack } from "../../core/stack.ts";
import { memory } from "../../drivers/memory.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { http } from "../../protocols/http.ts";
import { icmpv6 } from "../../protocols/icmpv6.ts";
import { ipv6 } from "../../protocols/ipv6.ts";
import { ndp, type NdpOptions } from "../../protocols/ndp.ts";
import { tcp } from "../../protocols/tcp.ts";
import { udp } from "../../protocols/udp.ts";

// deno-lint-ignore explicit-function-return-type
function pair(options: NdpOptions = {}) {
  const clock = new ManualClock();
  const [left, right] = memory("ethernet");
  const a = stack({
    driver: left,
    clock,
    random: seededRandom(1),
    protocols: [ethernet(), ndp(options), ipv6({ address: "fd00::1/64" }), icmpv6(), udp(), tcp(), http()],
  });
  const b = stack({
    driver: right,
    clock,
    random: seededRandom(2),
    protocols: [ethernet(), ndp(options), ipv6({ address: "fd00::2/64" }), icmpv6(), udp(), tcp(), http()],
  });
  const settle = (): void => {
    for (let i = 0; i < 30; i++) {
      a.poll();
      b.poll();
    }
  };
  return { clock, a, b, settle };
}

for (const size of [0, 1, 1452, 1453, 8000, 65_507, 65_527]) {
  test(`a datagram of ${size} bytes is echoed over IPv6`, () => {
    const { a, b, settle } = pair();
    const data = Uint8Array.from({ length: size }, (_, i) => i * 7);
    const echo = b.udp.bind({ port: 7 }, (data, address, port) => void echo.send(data, address, port));
    const got: Uint8Array[] = [];
    const socket = a.udp.bind({ port: 0 }, (data, address, port) => {
      assertEquals(`${address}`, "fd00::2");
      assertEquals(port, 7);
      got.push(data.slice());
    });
    assert(socket.send(data, parseIpv6("fd00::2"), 7));
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
  socket.connect("fd00::2", 9);
  socket.send(new Uint8Array(3));
  settle();
  assertEquals(errors, ["ECONNREFUSED: fd00::2 port 9: port unreachable"]);
  assertEquals(b.counters().udp!.noPort, 1);
  assertEquals(a.packetsTaken + b.packetsTaken, 0);
});

test("a host that is not there is reported after three solicitations", () => {
  const { a, clock, settle } = pair({ dad: "none" });
  settle();
  const before = a.counters().ndp!.solicitations!;
  const errors: string[] = [];
  const socket = a.udp.bind({ port: 0, onError: (error) => errors.push(error.code) }, () => {});
  socket.connect("fd00::9", 9);
  socket.send(new Uint8Array(3));
  for (let i = 0; i < 3; i++) {
    settle();
    assertEquals(errors, []);
    clock.advance(1000);
  }
  settle();
  assertEquals(errors, ["EHOSTUNREACH"]);
  assertEquals(a.counters().ndp!.solicitations! - before, 3);
});

test("our own addresses are reached in the next turn", () => {
  const { a, settle } = pair();
  const got: string[] = [];
  const socket = a.udp.bind({ port: 5 }, (data, address) => void got.push(`${data.length} ${address}`));
  socket.send(new Uint8Array(3), parseIpv6("fd00::1"), 5);
  socket.send(new Uint8Array(4), parseIpv6("::1"), 5);
  assertEquals(got, []);
  settle();
  assertEquals(got, ["3 fd00::1", "4 ::1"]);
  assertEquals(a.packetsTaken, 0);
});

for (const [what, host] of [["a global address", "fd00::2"], ["a link-local one with its zone", ""]] as const) {
  test(`TCP carries a megabyte each way, to ${what}`, () => {
    const { a, b, clock, settle } = pair();
    settle();
    b.tcp.accept({ port: 7 }, () => ({
      readable(connection) {
        while (connection.readable > 0 && connection.writable > 0) {
          connection.consume(connection.write(connection.peek()));
        }
        if (connection.readEnded) connection.close();
      },
      writable(connection) {
        this.readable!(connection);
      },
    }));
    const size = 1_000_000;
    const data = Uint8Array.from({ length: size }, (_, i) => i * 31 >>> 3);
    let written = 0;
    const got: number[] = [];
    let closed = false;
    const write = (connection: { write(data: Uint8Array): number; closeWrite(): void }): void => {
      written += connection.write(data.subarray(written));
      if (written === size) connection.closeWrite();
    };
    const hostname = host || `${b.ipv6.addresses[0]!.address}%eth0`;
    const connection = a.tcp.open({ hostname, port: 7 }, {
      opened: write,
      writable: write,
      readable(connection) {
        const buffer = new Uint8Array(65_536);
        for (let n; (n = connection.read(buffer)) > 0;) for (let i = 0; i < n; i++) got.push(buffer[i]!);
      },
      closed(_, error) {
        assertEquals(error, null);
        closed = true;
      },
    });
    assert(connection.local.hostname.startsWith(host ? "fd00::1" : "fe80:"));
    for (let i = 0; i < 3000 && !closed; i++) {
      a.poll();
      b.poll();
      clock.advance(1);
    }
    assert(closed);
    assertEquals(got.length, size);
    assert(got.every((byte, i) => byte === data[i]));
    a.close();
    b.close();
    assertEquals([a.packetsTaken, b.packetsTaken], [0, 0]);
  });
}

test("HTTP over IPv6: fetch of an address in brackets, with its port", async () => {
  const { a, b, clock, settle } = pair();
  b.http.serve((request) => new Response(`${new URL(request.url).host} ${request.method}`), { port: 8080 });
  let text = "";
  const asked = a.http.fetch("http://[fd00::2]:8080/x", { method: "PUT", body: "abc" }).then(async (response) => {
    text = await response.text();
  });
  for (let i = 0; i < 200 && !text; i++) {
    settle();
    clock.advance(1);
    await new Promise((resolve) => setTimeout(resolve));
  }
  await asked;
  assertEquals(text, "[fd00::2]:8080 PUT");
  a.close();
  b.close();
});
