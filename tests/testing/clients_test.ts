// Recorded servers of a kernel, which a live client calls: from ports, ids and sequence numbers of its own.

import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { parseIpv4 } from "@bonsai/net";
import { ping, type PingReport } from "@bonsai/net/protocols/icmp_tools";
import { replay, type ReplayRun, type ReplayStack } from "@bonsai/net/testing";
import { lines, Reader, write } from "./apps.ts";

/** Plays the servers of a recording to a client, and waits for what the client says. */
async function call<T>(name: string, client: (net: ReplayStack) => Promise<T>, seed = 1): Promise<[T, ReplayRun]> {
  let said: Promise<T> | undefined;
  const run = await replay(new URL(`../captures/conversations/${name}.pcap.gz`, import.meta.url), {
    as: name === "upload_with_loss" ? "10.0.1.1" : "10.0.0.1",
    seed,
    start: (net) => {
      said = client(net);
      said.catch(() => {});
    },
  });
  return [await said!, run];
}

const verdicts = (run: ReplayRun) => run.reports.map(({ kind, verdict, reason }) => [kind, verdict, reason]);

test("a live client has a recorded dialog", async () => {
  const [heard, run] = await call("dialog", async (net) => {
    const conn = await net.tcp.connect({ hostname: "10.0.0.2", port: 7002 });
    conn.setNoDelay();
    const reader = new Reader(conn);
    const heard = [await reader.until("\n")];
    for (const line of ["HELO there\r\n", "NOOP\r\n", "QUIT\r\n"]) {
      await write(conn, line);
      heard.push(await reader.until("\n"));
    }
    conn.close();
    return heard;
  });
  assertEquals(heard, ["220 ready\r\n", "250 HELO there\r\n", "250 NOOP\r\n", "221 bye\r\n"]);
  assertEquals(verdicts(run), [["tcp", "identical", null]]);
  assert(run.conversations[0]!.livePort !== run.conversations[0]!.local.port, "from a port of its own");
});

test("a live client uploads 10 MiB to a recorded server, whose recording lost packets", async () => {
  const line = "a line of an upload that is as long as it has to be\n";
  const body = line.repeat(Math.ceil(10_485_760 / line.length)).slice(0, 10_485_760);
  const head = "POST / HTTP/1.1\r\nHost: 10.0.1.2\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n" +
    "Content-Length: 10485760\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n";
  const [answer, run] = await call("upload_with_loss", async (net) => {
    const conn = await net.tcp.connect({ hostname: "10.0.1.2", port: 80 });
    await write(conn, head + body);
    const answer = await new Reader(conn).until("\r\n\r\n");
    conn.close();
    return answer;
  });
  assert(answer?.startsWith("HTTP/1.1 200 OK\r\n"));
  assertEquals(verdicts(run).filter(([, verdict]) => verdict !== "identical"), []);
});

test("fetch, whose requests are not curl's, gets what the recorded server answered curl", async () => {
  const [texts, run] = await call("keep_alive", async (net) => {
    const texts: string[] = [];
    for (const count of [1, 200, 3]) texts.push(await (await net.http.fetch(`http://10.0.0.2/${count}`)).text());
    return texts;
  });
  assertEquals(texts, [lines(1), lines(200), lines(3)]);
  assertEquals(run.reports[0]!.verdict, "different");
});

test("a live socket has its datagrams echoed by a recorded server", async () => {
  const [sizes, run] = await call("udp_echo", (net) =>
    new Promise<number[]>((resolve) => {
      const sizes: number[] = [];
      const send = (size: number): void => void socket.send(new Uint8Array(size).fill(117), parseIpv4("10.0.0.2"), 7);
      const socket = net.udp.bind({ port: 4444 }, (data) => {
        sizes.push(data.length);
        if (sizes.length < 4) send([0, 1, 100, 1400][sizes.length]!);
        else resolve(sizes);
      });
      send(0);
    }));
  assertEquals(sizes, [0, 1, 100, 1400]);
  assertEquals(verdicts(run), [["udp", "identical", null]]);
});

test("a live socket hears that a recorded port is unreachable, of its own datagram", async () => {
  const [, run] = await call("udp_unreachable", (net) => {
    const socket = net.udp.bind({ port: 4444 }, () => {});
    socket.send(new TextEncoder().encode("is anybody there"), parseIpv4("10.0.0.2"), 9);
    return Promise.resolve();
  });
  assertEquals(verdicts(run), [["udp", "identical", null]]);
});

test("ping hears a recorded host answer the live stack's own pings", async () => {
  const [report, run] = await call<PingReport>("ping", (net) => ping(net, "10.0.0.2", { count: 3, size: 1000 }));
  assertEquals([report.sent, report.received], [3, 3]);
  assertEquals(verdicts(run), [["icmp", "identical", null]]);
});

test("a recorded DNS server answers with the id, and the letters, of the live query", async () => {
  const query = Uint8Array.from([
    ...[0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0],
    ...[3, 87, 119, 87, 7, 101, 120, 97, 109, 112, 108, 69, 0, 0, 1, 0, 1],
  ]);
  const [answer] = await call("dns", (net) =>
    new Promise<Uint8Array>((resolve) => {
      const socket = net.udp.bind({ port: 0 }, (data) => resolve(data.slice()));
      socket.send(query, parseIpv4("10.0.0.2"), 53);
    }));
  assertEquals(answer.subarray(0, 2), query.subarray(0, 2));
  assertEquals(answer.subarray(12, query.length), query.subarray(12));
  assertEquals([...answer.subarray(-4)], [192, 0, 2, 7]);
});

test("a live stack that says nothing makes conversations impossible, and says why", async () => {
  const [, run] = await call("keep_alive", () => Promise.resolve());
  assertEquals(verdicts(run), [["tcp", "impossible", "packet 6 waits for the live stack's first segment"]]);
});
