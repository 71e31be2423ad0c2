import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { describeReplay, packetFields, readRecording, replay } from "@bonsai/net/testing";
import { Headers } from "../../drivers/replay/headers.ts";
import { Rewriter } from "../../drivers/replay/rewrite.ts";
import { separate } from "../../testing/loopback.ts";
import { toMedium } from "../../drivers/replay/source.ts";
import before from "./bug_report/app_before.ts";

const file = new Uint8Array(readFileSync(new URL("bug_report/bug.pcap", import.meta.url)));

/** The recording of the page about bug reports, with one address at both ends. */
function shared(address: string) {
  const recording = readRecording(file);
  const rewriter = new Rewriter({ "10.0.0.1": address, "10.0.0.5": address });
  const packets = recording.packets.map((packet) => {
    const carried = toMedium(packet.bytes, packet.linkType ?? recording.linkType, "ip")!.slice();
    new Headers().read(carried, 0, carried.length, "ip").finishOffloaded();
    const bytes = rewriter.rewrite(carried, "ip");
    return { ...packet, bytes, length: bytes.length, linkType: 101 };
  });
  return { ...recording, linkType: 101, packets };
}

test("a client and a server on 127.0.0.1 replay as two hosts, whether the server is named or not", async () => {
  const recording = shared("127.0.0.1");
  for (const as of ["127.0.0.1", undefined]) {
    const run = await replay(recording, { ...(as && { as }), app: before, ignore: ["date", "content-type"] });
    assertEquals(run.reports.map(({ verdict }) => verdict), ["identical"], run.reports.map(describeReplay).join());
    assertEquals(run.reports[0]!.local.address, "192.0.2.1");
    assertEquals(run.reports[0]!.peer.address, "192.0.2.2");
  }
});

test("addresses of their own change nothing else, and no checksum", () => {
  const recording = shared("127.0.0.1");
  const { recording: apart, servers } = separate(recording);
  assertEquals([...servers], [["127.0.0.1", "192.0.2.1"]]);
  assertEquals(apart.packets.length, recording.packets.length);
  for (const [i, { bytes }] of apart.packets.entries()) {
    const [was, is] = [packetFields(recording.packets[i]!.bytes, "ip"), packetFields(bytes, "ip")];
    const changed = [...was.keys()].filter((name) => was.get(name) !== is.get(name));
    assertEquals(changed, ["ip.src", "ip.dst"]);
    assertEquals([is.get("tcp.checksum.status"), is.get("ip.checksum.status")], [1, 1]);
  }
  assert(separate(readRecording(file)).servers.size === 0);
});
