// 200 MB both ways at once over a bad network, in virtual time: byte-exact, and the same twice from one seed.

import { createHash } from "node:crypto";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { capture } from "@bonsai/net/plugins/capture";
import { impair } from "@bonsai/net/plugins/impair";
import type { TcpConnection, TcpUser } from "@bonsai/net/protocols/tcp";
import { pair, pattern } from "./pair.ts";

/** What is sent: a block that no power of two divides, again and again, so that a shifted byte shows. */
const BLOCK = /* one prime number of bytes */ 1_000_003;

/** Sends `size` bytes of the pattern and checks as many that come. */
class Exchange implements TcpUser {
  received = 0;
  wrong = 0;
  readonly #pattern: Uint8Array;
  readonly #expected: Uint8Array;
  readonly #size: number;
  #sent = 0;

  constructor(pattern: Uint8Array, expected: Uint8Array, size: number) {
    this.#pattern = pattern;
    this.#expected = expected;
    this.#size = size;
  }

  opened(connection: TcpConnection): void {
    this.writable(connection);
  }

  writable(connection: TcpConnection): void {
    while (this.#sent < this.#size) {
      const from = this.#sent % BLOCK;
      const taken = connection.write(this.#pattern.subarray(from, Math.min(BLOCK, from + this.#size - this.#sent)));
      if (taken === 0) return;
      this.#sent += taken;
    }
    connection.closeWrite();
  }

  readable(connection: TcpConnection): void {
    for (let run = connection.peek(); run.length > 0; run = connection.peek()) {
      const from = this.received % BLOCK;
      const length = Math.min(run.length, BLOCK - from);
      const expected = this.#expected;
      for (let i = 0; i < length; i++) if (run[i] !== expected[from + i]) this.wrong++;
      this.received += length;
      connection.consume(length);
    }
  }
}

async function run(size: number, seed: number): Promise<{ hash: string; virtual: number; lost: number }> {
  const up = pattern(BLOCK, 11);
  const down = pattern(BLOCK, 12);
  const hash = createHash("sha256");
  const bad = () => impair({ loss: 0.02, reorder: 0.01, duplicate: 0.005, delay: 20 });
  const net = pair({ seed, leftPlugins: [bad(), capture((bytes) => hash.update(bytes))], rightPlugins: [bad()] });
  const server = new Exchange(down, up, size);
  const client = new Exchange(up, down, size);
  net.right.tcp.accept({ port: 80 }, (connection) => {
    server.opened(connection);
    return server;
  });
  const start = net.clock.now();
  net.left.tcp.open({ hostname: "10.0.0.2", port: 80 }, client);
  await net.run({ until: () => client.received === size && server.received === size });
  const virtual = net.clock.now() - start;
  assertEquals([client.received, client.wrong, server.received, server.wrong], [size, 0, size, 0]);
  // Everything ends by itself: no connection, no packet, no timer is left.
  await net.run();
  assertEquals([net.left, net.right].map((side) => side.counters().tcp!.connections), [0, 0]);
  assertEquals([net.left.packetsTaken, net.right.packetsTaken], [0, 0]);
  const lost = net.left.counters().tcp!.retransmitted! + net.right.counters().tcp!.retransmitted!;
  net.close();
  return { hash: hash.digest("hex"), virtual, lost };
}

test("200 MB both ways at once with loss, reordering, duplicates and 40 ms", async () => {
  const { lost } = await run(200_000_000, 1);
  assertEquals(lost > 1000, true, "the network was bad indeed");
});

test("the same seed gives the same capture, byte for byte; another one another", async () => {
  const first = await run(5_000_000, 42);
  const second = await run(5_000_000, 42);
  const third = await run(5_000_000, 43);
  assertEquals(second, first);
  assertEquals(third.hash === first.hash, false);
});
