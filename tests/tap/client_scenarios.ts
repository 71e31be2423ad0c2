/**
 * What the tests do with our stack as the client of the kernel's, inside a namespace; run as a program, with the
 * scenario's name.
 *
 * @module
 */

import { execFile } from "node:child_process";
import { createServer, type Server } from "node:net";
import { assert, assertEquals, assertGreater, assertLess } from "../std_assert/mod.ts";
import type { NetError } from "../../core/net_error.ts";
import { stack } from "../../core/stack.ts";
import { tap } from "../../drivers/tap.ts";
import { arp } from "../../protocols/arp.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { icmp } from "../../protocols/icmp.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { tcp } from "../../protocols/tcp.ts";

const driver = tap("bt0", { host: "10.9.0.1/24" });
const net = stack({ driver, protocols: [ethernet(), arp(), ipv4({ address: "10.9.0.2/24" }), icmp(), tcp()] });

/** How our stack fails to connect, and after how many milliseconds. */
async function ours(hostname: string, port: number): Promise<[code: string, after: number]> {
  const began = performance.now();
  const code = await net.tcp.connect({ hostname, port }).then(() => "connected", (error: NetError) => error.code);
  return [code, performance.now() - began];
}

/** The same of the kernel's, by bash: not every runtime's `node:net` tells its errors apart. */
function theirs(host: string, port: number): Promise<[code: string, after: number]> {
  const began = performance.now();
  return new Promise((resolve) => {
    execFile("bash", ["-c", `: > /dev/tcp/${host}/${port}`], (error, _, stderr) => {
      const code = stderr.includes("No route to host")
        ? "EHOSTUNREACH"
        : stderr.includes("Connection refused")
        ? "ECONNREFUSED"
        : String(error);
      resolve([code, performance.now() - began]);
    });
  });
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, "10.9.0.1", () => resolve((server.address() as { port: number }).port))
  );
}

const SCENARIOS: Record<string, () => Promise<void>> = {
  async refused() {
    const [[our, after], [their]] = [await ours("10.9.0.1", 4444), await theirs("10.9.0.2", 4444)];
    assertEquals([our, their], ["ECONNREFUSED", "ECONNREFUSED"]);
    assertLess(after, 500);
  },

  async unreachable() {
    const [[our, ourTime], [their, theirTime]] = await Promise.all([ours("10.9.0.98", 80), theirs("10.9.0.99", 80)]);
    console.log(`ours ${our} after ${ourTime.toFixed(0)} ms, the kernel's ${their} after ${theirTime.toFixed(0)} ms`);
    assertEquals([our, their], ["EHOSTUNREACH", "EHOSTUNREACH"]);
    assertGreater(ourTime, theirTime / 3);
    assertLess(ourTime, theirTime * 3);
    assertEquals((await ours("192.0.2.1", 80))[0], "ENETUNREACH");
  },

  /** A hundred connections at once, each answered and closed by the kernel's side, then by ours. */
  async transfers() {
    const block = new Uint8Array(1_000_000).map((_, i) => i * 31 >> 3);
    const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
    const port = await listening(server);
    const one = async (): Promise<void> => {
      using connection = await net.tcp.connect({ hostname: "10.9.0.1", port });
      const reading = (async () => {
        let at = 0;
        for await (const chunk of connection.readable) {
          for (const byte of chunk) if (byte !== block[at++]) throw new Error(`Byte ${at - 1} differs`);
        }
        return at;
      })();
      const writer = connection.writable.getWriter();
      await writer.write(block);
      await writer.close();
      assertEquals(await reading, block.length);
    };
    await Promise.all(Array.from({ length: 20 }, one));
    server.close();
    const { tcp } = net.counters();
    // We closed first.
    assertEquals(tcp!.connections, tcp!.timeWait);
    assert(tcp!.activeOpens === 20);
  },
};

try {
  await SCENARIOS[process.argv[2] ?? ""]!();
} finally {
  net.close();
}
