// A capture of the kernel and curl, played into a live stack.

import { assert, assertEquals } from "@std/assert";
import { ManualClock, seededRandom, simulate, stack } from "@bonsai/net";
import { readPcap, replay } from "@bonsai/net/drivers/replay";
import { capture } from "@bonsai/net/plugins/capture";
import { arp } from "@bonsai/net/protocols/arp";
import { ethernet } from "@bonsai/net/protocols/ethernet";
import { icmp } from "@bonsai/net/protocols/icmp";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { type Tcp, tcp, type TcpConn, type TcpOptions } from "@bonsai/net/protocols/tcp";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const RECORDING = readPcap(readFileSync(new URL("../captures/http.pcap", import.meta.url)));
const PAGE = Array.from({ length: 200 }, (_, i) => `line ${i} of a page of several segments\n`).join("");

/** A connection, read line by line or by length. */
class Reader {
  readonly #conn: TcpConn;
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(conn: TcpConn) {
    this.#conn = conn;
  }

  async #more(): Promise<boolean> {
    const piece = new Uint8Array(1000);
    const size = await this.#conn.read(piece);
    if (size === null) return false;
    this.#bytes = Uint8Array.from([...this.#bytes, ...piece.subarray(0, size)]);
    return true;
  }

  async take(size: number): Promise<Uint8Array> {
    while (this.#bytes.length < size) if (!await this.#more()) break;
    const taken = this.#bytes.slice(0, size);
    this.#bytes = this.#bytes.slice(size);
    return taken;
  }

  /** The header section; null at the end of the connection. */
  async head(): Promise<string | null> {
    for (;;) {
      const end = new TextDecoder("latin1").decode(this.#bytes).indexOf("\r\n\r\n");
      if (end >= 0) return new TextDecoder().decode(await this.take(end + 4));
      if (!await this.#more()) return null;
    }
  }
}

async function writeAll(conn: TcpConn, data: Uint8Array): Promise<void> {
  for (let at = 0; at < data.length;) at += await conn.write(data.subarray(at));
}

/** Answers as tests/captures/server.py does. */
async function serve(net: Tcp): Promise<void> {
  for await (const conn of net.listen({ port: 80 })) {
    void (async () => {
      const reader = new Reader(conn);
      for (let head = await reader.head(); head !== null; head = await reader.head()) {
        const size = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        const upload = await reader.take(size);
        const text = head.startsWith("GET /hello") ? "Hello from the kernel\n" : PAGE;
        const body = head.startsWith("POST") ? upload : new TextEncoder().encode(text);
        const kind = head.startsWith("POST") ? "application/octet-stream" : "text/plain";
        const start = `HTTP/1.1 200 OK\r\nContent-Type: ${kind}\r\nContent-Length: ${body.length}\r\n\r\n`;
        await writeAll(conn, Uint8Array.from([...new TextEncoder().encode(start), ...body]));
      }
      conn.close();
    })();
  }
}

function live(medium: "ethernet" | "ip", from: string, seed: number, options: TcpOptions = {}) {
  const clock = new ManualClock();
  const file: Uint8Array[] = [];
  const common = { clock, random: seededRandom(seed), plugins: [capture((bytes) => file.push(bytes.slice()))] };
  const address = from === "10.0.0.1" ? "10.0.0.2/24" : "10.0.0.1/24";
  const mac = from === "10.0.0.1" ? "02:00:00:00:00:02" : "02:00:00:00:00:01";
  if (medium === "ip") {
    const driver = replay("ip", RECORDING, { from: [from], mode: "converse", clock });
    const net = stack({ driver, ...common, protocols: [ipv4({ address }), icmp(), tcp(options)] });
    return { clock, driver, net, file };
  }
  const driver = replay("ethernet", RECORDING, { from: [from], mode: "converse", clock });
  const protocols = [ethernet({ mac }), arp(), ipv4({ address }), icmp(), tcp(options)] as const;
  const net = stack({ driver, ...common, protocols: [...protocols] });
  return { clock, driver, net, file };
}

for (const medium of ["ethernet", "ip"] as const) {
  for (const timestamps of [true, false]) {
    test(`a recorded curl is answered as the kernel answered it: ${medium}, timestamps ${timestamps}`, async () => {
      let first: string | null = null;
      for (const seed of [1, 2, 1]) {
        const { clock, driver, net, file } = live(medium, "10.0.0.1", seed, { timestamps });
        void serve(net.tcp);
        await simulate(clock, [net], { until: () => driver.done, limit: 60_000 });
        await simulate(clock, [net], { limit: 10 });
        assertEquals(driver.counters.skipped, 0);
        assertEquals(driver.conversations.length, 2);
        for (const { recorded, live, reset } of driver.conversations) {
          assert(!reset);
          assertEquals(live.bytes(), recorded.bytes());
        }
        assertEquals(net.packetsTaken, 0);
        net.close();
        const bytes = file.map((piece) => piece.join()).join();
        if (seed === 1 && first !== null) assertEquals(bytes === first, true, "the same seed gives the same capture");
        if (seed === 1) first = bytes;
        else assert(bytes !== first);
      }
    });
  }
}

test("a recorded kernel server answers a live client", async () => {
  const { clock, driver, net } = live("ethernet", "10.0.0.2", 5);
  const requests = driver.conversations.map(({ recorded }) => recorded.bytes());
  const client = async (): Promise<number[]> => {
    const sizes: number[] = [];
    for (const request of requests) {
      const conn = await net.tcp.connect({ hostname: "10.0.0.2", port: 80 });
      const reader = new Reader(conn);
      // The first conversation holds two requests, one after the other.
      const second = new TextDecoder().decode(request).indexOf("GET /page");
      for (const part of second > 0 ? [request.subarray(0, second), request.subarray(second)] : [request]) {
        await writeAll(conn, part);
        const head = await reader.head();
        const size = Number(/content-length: (\d+)/i.exec(head!)![1]);
        sizes.push((await reader.take(size)).length);
      }
      conn.close();
    }
    return sizes;
  };
  const sizes = await simulate(clock, [net], { until: client(), limit: 60_000 });
  assertEquals(sizes, [22, PAGE.length, 5000]);
  await simulate(clock, [net], { until: () => driver.done, limit: 60_000 });
  for (const { recorded, live } of driver.conversations) assertEquals(live.bytes(), recorded.bytes());
  net.close();
});
