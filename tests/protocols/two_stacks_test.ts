// Two stacks on one Ethernet, over either family: what holds for one holds for the other.

import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import { seededRandom } from "../../core/random.ts";
import { stack } from "../../core/stack.ts";
import { memory } from "../../drivers/memory.ts";
import { arp } from "../../protocols/arp.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { http } from "../../protocols/http.ts";
import { icmp } from "../../protocols/icmp.ts";
import { icmpv6 } from "../../protocols/icmpv6.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { ipv6 } from "../../protocols/ipv6.ts";
import { ndp } from "../../protocols/ndp.ts";
import { tcp } from "../../protocols/tcp.ts";
import { udp } from "../../protocols/udp.ts";

const FAMILIES = [
  {
    name: "IPv4",
    ours: "10.0.0.1",
    peer: "10.0.0.2",
    nobody: "10.0.0.9",
    loopback: "127.0.0.1",
    /** Sizes around that of the largest unfragmented datagram, and the largest of all. */
    sizes: [0, 1, 1472, 1473, 8000, 65_507],
    asked: ["arp", "requests"],
  },
  {
    name: "IPv6",
    ours: "fd00::1",
    peer: "fd00::2",
    nobody: "fd00::9",
    loopback: "::1",
    sizes: [0, 1, 1452, 1453, 8000, 65_507, 65_527],
    asked: ["ndp", "solicitations"],
  },
] as const;

// deno-lint-ignore explicit-function-return-type
function pair() {
  const clock = new ManualClock();
  const [a, b] = memory("ethernet").map((driver, i) =>
    stack({
      driver,
      clock,
      random: seededRandom(i + 1),
      protocols: [
        ethernet(),
        arp(),
        ipv4({ address: `10.0.0.${i + 1}/24` }),
        icmp(),
        ndp({ dad: "none" }),
        ipv6({ address: `fd00::${i + 1}/64` }),
        icmpv6(),
        udp(),
        tcp(),
        http(),
      ],
    })
  );
  const settle = (): void => {
    for (let i = 0; i < 30; i++) for (const net of [a!, b!]) net.poll();
  };
  // What they say of their addresses at first.
  settle();
  return { clock, a: a!, b: b!, settle };
}

for (const { name, ours, peer, nobody, loopback, sizes, asked } of FAMILIES) {
  for (const size of sizes) {
    test(`a datagram of ${size} bytes is echoed over ${name}`, () => {
      const { a, b, settle } = pair();
      const data = Uint8Array.from({ length: size }, (_, i) => i * 7);
      const echo = b.udp.bind({ port: 7 }, (data, address, port) => void echo.send(data, address, port));
      const got: Uint8Array[] = [];
      const socket = a.udp.bind({ port: 0 }, (data, address, port) => {
        assertEquals([a.ip.networkOf(address)!.format(address), port], [peer, 7]);
        got.push(data.slice());
      });
      assert(socket.send(data, a.ip.parse(peer)!.address, 7));
      settle();
      assertEquals(got.length, 1);
      assertEquals(got[0], data);
      assertEquals([a.packetsTaken, b.packetsTaken], [0, 0]);
      for (const net of [a, b]) net.close();
    });
  }

  test(`a closed port is reported to the connected socket, once, over ${name}`, () => {
    const { a, b, settle } = pair();
    const errors: string[] = [];
    const onError = (error: Error & { code: string }): unknown => errors.push(`${error.code}: ${error.message}`);
    const socket = a.udp.bind({ port: 0, onError }, () => {});
    socket.connect(peer, 9);
    socket.send(new Uint8Array(3));
    settle();
    assertEquals(errors, [`ECONNREFUSED: ${peer} port 9: port unreachable`]);
    assertEquals(b.counters().udp!.noPort, 1);
    assertEquals([a.packetsTaken, b.packetsTaken], [0, 0]);
  });

  test(`a host that is not there is reported after three requests, then at once, then asked for again, over ${name}`, () => {
    const { a, clock, settle } = pair();
    const requests = (): number => a.counters()[asked[0]]![asked[1]]!;
    const before = requests();
    const errors: string[] = [];
    const socket = a.udp.bind({ port: 0, onError: (error) => errors.push(error.code) }, () => {});
    socket.connect(nobody, 9);
    socket.send(new Uint8Array(3));
    for (let i = 0; i < 3; i++) {
      settle();
      assertEquals(errors, []);
      clock.advance(1000);
    }
    settle();
    assertEquals([errors.length, requests() - before], [1, 3]);
    socket.send(new Uint8Array(3));
    settle();
    assertEquals([errors.length, requests() - before], [2, 3]);
    clock.advance(1000);
    settle();
    socket.send(new Uint8Array(3));
    settle();
    assertEquals([errors.length, requests() - before], [2, 4]);
    assertEquals(errors, ["EHOSTUNREACH", "EHOSTUNREACH"]);
    a.close();
    assertEquals(a.packetsTaken, 0);
  });

  test(`our own addresses of ${name} are reached in the next turn`, () => {
    const { a, settle } = pair();
    const got: string[] = [];
    const socket = a.udp.bind(
      { port: 5 },
      (data, address) => void got.push(`${data.length} ${a.ip.networkOf(address)!.format(address)}`),
    );
    socket.send(new Uint8Array(3), a.ip.parse(ours)!.address, 5);
    socket.send(new Uint8Array(4), a.ip.parse(loopback)!.address, 5);
    assertEquals(got, []);
    settle();
    assertEquals(got, [`3 ${ours}`, `4 ${loopback}`]);
    assertEquals(a.packetsTaken, 0);
  });

  test(`HTTP over ${name}: fetch of an address, with its port`, async () => {
    const { a, b, clock, settle } = pair();
    b.http.serve((request) => new Response(`${new URL(request.url).host} ${request.method}`), { port: 8080 });
    const host = peer.includes(":") ? `[${peer}]` : peer;
    let text = "";
    const asked = a.http.fetch(`http://${host}:8080/x`, { method: "PUT", body: "abc" }).then(async (response) => {
      text = await response.text();
    });
    for (let i = 0; i < 200 && !text; i++) {
      settle();
      clock.advance(1);
      await new Promise((resolve) => setTimeout(resolve));
    }
    await asked;
    assertEquals(text, `${host}:8080 PUT`);
    for (const net of [a, b]) net.close();
  });
}

for (
  const [what, host, ours] of [
    ["an address of IPv4", "10.0.0.2", "10.0.0.1"],
    ["a global address of IPv6", "fd00::2", "fd00::1"],
    ["a link-local one with its zone", "", "fe80:"],
  ] as const
) {
  test(`TCP carries a megabyte each way, to ${what}`, () => {
    const { a, b, clock } = pair();
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
    assert(connection.local.hostname.startsWith(ours), connection.local.hostname);
    for (let i = 0; i < 3000 && !closed; i++) {
      for (const net of [a, b]) net.poll();
      clock.advance(1);
    }
    assert(closed);
    assertEquals(got.length, size);
    assert(got.every((byte, i) => byte === data[i]));
    for (const net of [a, b]) net.close();
    assertEquals([a.packetsTaken, b.packetsTaken], [0, 0]);
  });
}
