// Goodput over loss, delay and window, in virtual time: a table that is kept. It changes only when the sender does.
//
// To keep a new table: UPDATE=1 deno test -A tests/tcp/goodput_test.ts

import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { impair } from "@bonsai/net/plugins/impair";
import { type Pair, pair } from "./pair.ts";

const TABLE = new URL("goodput.json", import.meta.url);
const update = process.env.UPDATE === "1";
const kept: Record<string, number> = update ? {} : JSON.parse(readFileSync(TABLE, "utf8"));

/** Moves bytes from left to right; gives kB/s from the first SYN to the last byte read. */
async function goodput(net: Pair, bytes: number): Promise<number> {
  let got = 0;
  let sent = 0;
  let end = 0;
  net.right.tcp.accept({ port: 80 }, () => ({
    readable: (c) => {
      got += c.readable;
      c.consume(c.readable);
      end = net.clock.now();
    },
  }));
  const block = new Uint8Array(65_536);
  const start = net.clock.now();
  const fill = (c: { write(data: Uint8Array): number }): void => {
    while (sent < bytes) {
      const taken = c.write(block.subarray(0, bytes - sent));
      if (taken === 0) return;
      sent += taken;
    }
  };
  net.left.tcp.open({ hostname: "10.0.0.2", port: 80 }, { opened: fill, writable: fill });
  await net.run({ until: () => got === bytes, limit: 86_400_000 });
  net.close();
  return Math.round(bytes / (end - start) * 10) / 10;
}

function check(name: string, value: number): void {
  if (update) {
    kept[name] = value;
    writeFileSync(TABLE, JSON.stringify(kept, null, 2) + "\n");
  } else assertEquals(value, kept[name], name);
}

for (const rtt of [10, 100]) {
  for (const window of [32, 256]) {
    for (const loss of [0, 0.001, 0.01, 0.02, 0.05, 0.1]) {
      const name = `${rtt} ms, ${window} KiB, ${loss * 100} % loss: kB/s`;
      test(`goodput, ${name}`, async () => {
        const buffers = { receiveBuffer: window * 1024, sendBuffer: window * 1024 };
        const net = pair({ seed: 7, left: buffers, right: buffers, leftPlugins: [impair({ loss, delay: rtt / 2 })] });
        const value = await goodput(net, 4_000_000);
        // Never more than the window allows.
        assert(value <= window * 1024 / rtt * 1.01, String(value));
        check(name, value);
      });
    }
  }
}

// smoltcp publishes 3.45 kB/s for one flow under these parameters, without congestion control (tests/netsim.rs).
test("goodput, one flow through a bottleneck of 200 Mbit/s with a queue of 64 KiB, 100 ms, 256 KiB", async () => {
  const buffers = { receiveBuffer: 256 * 1024, sendBuffer: 256 * 1024 };
  const bottleneck = impair({ delay: 50, rate: 200_000_000, limit: 65_536 });
  const net = pair({ seed: 7, left: buffers, right: buffers, leftPlugins: [bottleneck] });
  const value = await goodput(net, 2 * 1024 * 1024);
  assert(value > 500, String(value));
  check("bottleneck of 200 Mbit/s, queue of 64 KiB, 100 ms, 256 KiB: kB/s", value);
});
