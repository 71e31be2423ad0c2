// The test kit: checks of packets, golden recordings, recordings of failing tests.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Plugin } from "@bonsai/net";
import { recent } from "@bonsai/net/plugins/capture";
import {
  arp,
  data,
  eth,
  expectGolden,
  expectPacket,
  expectPackets,
  icmp,
  ip,
  packetFields,
  pair,
  readRecording,
  record,
  tcp,
  udp,
} from "@bonsai/net/testing";

function thrown(act: () => void): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("It did not throw");
}

/** The frames of a short connection, as the client sent them. */
async function conversation(seed: number, plugins: readonly Plugin[] = []) {
  const last = recent();
  const { left, right, run, close } = pair({ seed, leftPlugins: [last.plugin], rightPlugins: plugins });
  right.http.serve(() => new Response("hello"), { port: 80 });
  const response = await run(left.http.fetch("http://10.0.0.2/"));
  assertEquals(await run(response.text()), "hello");
  close();
  return last.packets();
}

test("expectPacket checks fields by value, pattern and function, and says all that is wrong", async () => {
  const packets = await conversation(1);
  // The first announces the address.
  const sent = packets.filter(({ direction }) => direction === "out").slice(1);
  expectPacket(sent[0], eth({ dst: "ff:ff:ff:ff:ff:ff" }), arp({ opcode: 1, target: "10.0.0.2" }));
  const syn = sent[1]!;
  expectPacket(syn, ip({ src: "10.0.0.1", ttl: 64, df: 1 }), tcp({ flags: "S", dstport: 80, mss: 1460 }), data(""));
  expectPacket(syn, ip({ dst: /^10\./ }), tcp({ srcport: (port) => port >= 1024 }));
  const request = sent.find(({ bytes }) => packetFields(bytes, "ethernet").get("tcp.len") !== 0 && bytes.length > 100)!;
  expectPacket(request, tcp({ flags: "AP" }), data(/^GET \/ HTTP\/1\.1\r\n/));
  const message = thrown(() => expectPacket(syn, ip({ ttl: 63 }), tcp({ flags: "SA" }), udp()));
  assert(message.includes("Flags [S]"), message);
  assertEquals(message.split("\n").slice(1), [
    "  ip.ttl is 64, and not 63",
    '  tcp.flags.str is "S", and not "SA"',
    "  it has no udp header",
  ]);
  assertEquals(thrown(() => expectPacket(undefined, ip())), "There is no packet");
  assert(thrown(() => expectPackets(sent.slice(0, 2), [arp()])).startsWith("There are 2 packets, and 1 are expected:"));
  expectPackets(sent.slice(0, 2), [arp()], [tcp({ flags: "S" })]);
  assert(thrown(() => expectPackets(sent.slice(0, 2), [arp()], [icmp()])).startsWith("Packet 2 of 2:\n"));
});

test("a golden recording is written once, and then held to, but for what may differ", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bonsai-golden-"));
  try {
    const golden = join(folder, "golden.pcapng");
    const sent = async (seed: number) => (await conversation(seed)).filter(({ direction }) => direction === "out");
    const options = { medium: "ethernet", folder } as const;
    expectGolden(await sent(1), golden, options);
    assert(existsSync(golden));
    expectGolden(await sent(1), golden, { ...options, times: 0 });
    const message = thrown(() => expectGolden(OTHER, golden, options));
    assert(/^packet 1 differs: /.test(message), message);
    assert(/^golden: ARP.*\nsent: {3}IP/m.test(message), message);
    assert(/^> {2}eth\.type +2054 +2048$/m.test(message), message);
    const [, first, second] = /Both captures: (\S+) and (\S+)/.exec(message)!;
    assertEquals(readRecording(readFileSync(second!)).packets.length, 1);
    assert(readRecording(readFileSync(first!)).packets.length > 5);
    const ignore = ["eth", "tcp.srcport", "tcp.seq", "tcp.ack", "tcp.options.timestamp", "ip.id", "arp"];
    expectGolden(await sent(2), golden, { ...options, ignore });
    assertThrows(() => expectGolden([], golden, options), Error, "packets were recorded, and 0 sent");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const OTHER = [{
  time: 0,
  bytes: Uint8Array.from([
    ...[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0],
    ...[69, 0, 0, 28, 0, 0, 64, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2],
    ...[0, 1, 0, 2, 0, 8, 0, 0],
  ]),
}];

test("a test that fails leaves its packets behind, and one that passes does not", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bonsai-record-"));
  try {
    const body = (fails: boolean) =>
      record("a test/with: a name", async (tape) => {
        const packets = await conversation(1, [tape.named("right")]);
        if (fails) throw new Error(`It saw ${packets.length} packets`);
      }, { folder });
    await body(false)();
    const path = join(folder, "a_test_with_a_name.pcapng");
    assert(!existsSync(path));
    await assertRejects(body(true), Error, `\nThe packets of this run are in ${path}`);
    assert(readRecording(readFileSync(path)).packets.length > 5);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a pair runs in virtual time, and the same seed gives the same packets", async () => {
  const bytes = async (seed: number) => (await conversation(seed)).map((packet) => [packet.time, packet.bytes.join()]);
  assertEquals(await bytes(3), await bytes(3));
  assert((await bytes(4)).join() !== (await bytes(3)).join());
});
