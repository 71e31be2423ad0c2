import { ManualClock, seededRandom, simulate, stack } from "@bonsai/net";
import { memory } from "@bonsai/net/drivers/memory";
import { impair } from "@bonsai/net/plugins/impair";
import { arp } from "@bonsai/net/protocols/arp";
import { ethernet } from "@bonsai/net/protocols/ethernet";
import { icmpv6 } from "@bonsai/net/protocols/icmpv6";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { ipv6 } from "@bonsai/net/protocols/ipv6";
import { ndp } from "@bonsai/net/protocols/ndp";
import { tcp, type TcpConn } from "@bonsai/net/protocols/tcp";
import { assert, assertEquals, assertGreater } from "@std/assert";
import { test } from "node:test";
import { ConnectionLog, type ConnectionRecord } from "../../cli/home/log.ts";
import { measure, tell } from "../../cli/home/story.ts";

/** What a server keeps of one exchange over a wire that loses packets, in virtual time. */
async function exchange(loss: number, answer: number, family: 4 | 6 = 4): Promise<ConnectionRecord> {
  const clock = new ManualClock();
  const [left, right] = memory("ethernet");
  const log = new ConnectionLog(80);
  // deno-fmt-ignore
  const client = stack({
    driver: left,
    clock,
    random: seededRandom(1),
    protocols: [
      ethernet(), arp(), ipv4({ address: "10.0.0.1/24" }), ndp(), ipv6({ address: "fd00::1/64" }), icmpv6(), tcp(),
    ],
  });
  // deno-fmt-ignore
  const server = stack({
    driver: right,
    clock,
    random: seededRandom(2),
    plugins: [impair({ loss, delay: 10 }), log.plugin],
    protocols: [
      ethernet(), arp(), ipv4({ address: "10.0.0.2/24" }), ndp(), ipv6({ address: "fd00::2/64" }), icmpv6(), tcp(),
    ],
  });
  // IPv6 addresses are used once nobody has claimed them.
  await simulate(clock, [client, server], { limit: 5000 });
  const listener = server.tcp.listen({ port: 80 });
  const read = async (conn: TcpConn): Promise<number> => {
    let size = 0;
    for await (const chunk of conn.readable) size += chunk.length;
    return size;
  };
  const serve = async (): Promise<void> => {
    const conn = await listener.accept();
    await conn.read(new Uint8Array(1000));
    const rest = new Uint8Array(answer);
    rest.set(new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n"));
    for (let at = 0; at < rest.length;) at += await conn.write(rest.subarray(at));
    conn.close();
  };
  const ask = async (): Promise<TcpConn> => {
    const conn = await client.tcp.connect({ hostname: family === 4 ? "10.0.0.2" : "fd00::2", port: 80 });
    await conn.write(new TextEncoder().encode("GET /page HTTP/1.1\r\nHost: x\r\n\r\n"));
    assertEquals(await read(conn), answer);
    conn.close();
    return conn;
  };
  const [, conn] = await simulate(clock, [client, server], { until: Promise.all([serve(), ask()]), limit: 600_000 });
  await simulate(clock, [client, server], { limit: 10_000 });
  const record = log.of(conn.localAddr);
  client.close();
  server.close();
  return record!;
}

test("the home page tells a connection from ARP to FIN", async () => {
  const record = await exchange(0, 5000);
  assertEquals(tell(record).map(({ sent, label }) => `${sent ? "<" : ">"} ${label}`), [
    "> ARP: who has it?",
    "< ARP: it is me",
    "> SYN",
    "< SYN-ACK",
    "> ACK",
    "> GET /page",
    "< 200 OK",
    "< 1,448 B",
    "< 1,448 B",
    "< 656 B + FIN",
    "> ACK",
    "> FIN",
    "< ACK",
  ]);
  assertEquals(record.totals, { segmentsIn: 5, segmentsOut: 6, bytesIn: 31, bytesOut: 5000, again: 0, requests: 1 });
  // One round trip of 10 ms each way.
  assertEquals(measure(record), { handshake: 20, answer: 0 });
  const acks = tell(record).filter(({ label }) => label === "ACK").map(({ text }) => text);
  assertEquals(acks.slice(1), [
    "“I have everything up to byte 5,000.” What is not acknowledged in time would be sent again.",
    "“I have everything up to byte 31.”",
  ]);
});

test("the home page tells a connection over IPv6 from neighbour discovery on", async () => {
  const record = await exchange(0, 5000, 6);
  assertEquals(tell(record).slice(0, 6).map(({ sent, label }) => `${sent ? "<" : ">"} ${label}`), [
    "> NDP: who has it?",
    "< NDP: it is me",
    "> SYN",
    "< SYN-ACK",
    "> ACK",
    "> GET /page",
  ]);
  assertEquals(record.local, { hostname: "fd00::2", port: 80 });
  assertEquals([record.totals.bytesIn, record.totals.bytesOut], [31, 5000]);
});

test("the home page counts what was lost once, and says what was sent again", async () => {
  const record = await exchange(0.1, 300_000);
  assertEquals([record.totals.bytesIn, record.totals.bytesOut], [31, 300_000]);
  assertGreater(record.totals.again, 3);
  assert(tell(record).some(({ role, label }) => role === "trouble" && label.endsWith(", again")));
  // The beginning is kept, and no more of the rest than a page draws.
  assertEquals(record.first.length + record.last.length, 70);
  assertEquals(tell(record)[2]!.label, "SYN");
});
