import { assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CaptureReader } from "../../core/capture/capture_reader.ts";
import { FilterError } from "../../core/capture/display_filter.ts";
import { PcapWriter } from "../../core/capture/pcap_writer.ts";
import { frameFilter } from "../../testing/dissect/frame_filter.ts";
import { testWith } from "../needs.ts";
import { eachFrame } from "./decode.ts";

/** The frames of several captures in one, for every run of tshark takes its time. */
function combined(): Uint8Array {
  const pieces: Uint8Array[] = [];
  const writer = new PcapWriter((bytes) => pieces.push(bytes.slice()), { linkType: 1 });
  for (const name of ["ends", "ipv6", "fragments", "vlan", "vlan_twice", "http", "dns", "options"]) {
    const reader = new CaptureReader(readFileSync(join(import.meta.dirname!, `${name}.pcap`)));
    while (reader.next()) {
      writer.packet(reader.seconds, reader.nanoseconds, reader.bytes, reader.start, reader.end, reader.length);
    }
  }
  writer.flush();
  return Buffer.concat(pieces);
}

/** The numbers of the frames that pass. */
function passing(file: Uint8Array, text: string): number[] {
  const filter = frameFilter(text);
  const numbers: number[] = [];
  eachFrame(file, (frame) => {
    if (filter(frame)) numbers.push(frame.number);
  });
  return numbers;
}

const FILTERS = [
  "tcp",
  "!tcp",
  "not tcp and not udp",
  "tcp.port == 80 && ip.src == 10.0.0.2",
  "tcp.dstport==8000||udp.port==7",
  "ip.addr == 10.0.0.0/23",
  "ip.src != 10.0.1.1",
  "ipv6.addr == fd00:1::/64 && icmpv6.type in {135, 136}",
  "tcp.flags.syn == 1 && tcp.flags.ack == 0",
  "tcp.flags == 0x12",
  "tcp.len > 100 and tcp.len <= 1000",
  "tcp.srcport in {80, 8000..8080, 40000..65535}",
  "(ip.ttl < 64 || ip.flags.df == 1) && !(udp)",
  "eth.dst == ff:ff:ff:ff:ff:ff",
  "vlan.id == 5",
  "vlan.id == 7 && icmp",
  "arp.opcode == 2",
  "tcp.options.mss_val ge 1460",
  "tcp.options.sack_le",
  "frame.len > 1000",
  "ip.frag_offset > 0",
  "udp.length eq 1008",
];

testWith(["tshark"], "a filter lets through what it lets through in tshark", () => {
  const file = combined();
  const folder = mkdtempSync(join(tmpdir(), "bonsai-filter-"));
  try {
    const path = join(folder, "combined.pcap");
    writeFileSync(path, file);
    for (const text of FILTERS) {
      // Headers that ICMP quotes count for tshark, and not for us.
      const filter = `(${text}) && !(icmp.type == 3 || icmpv6.type == 1)`;
      const { stdout } = spawnSync("tshark", ["-n", "-r", path, "-Y", filter, "-T", "fields", "-e", "frame.number"]);
      const expected = String(stdout).split("\n").filter(Boolean).map(Number);
      assertEquals(passing(file, filter), expected, filter);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what is no filter is refused in one sentence", () => {
  const refused: [text: string, why: string][] = [
    ["", "the filter ends where a field is missing"],
    ["tcp.prot == 80", 'there is no field "tcp.prot"'],
    ["tcp.port == ", "a value is missing"],
    ["tcp.port == eighty", '"eighty" is no number and no address'],
    ["ip.src == 10.0.0.0/33", '"10.0.0.0/33" is no number and no address'],
    ["(tcp", '")" is missing'],
    ["tcp udp", '"udp" stands where the filter ends'],
    ["tcp & udp", '"&" means nothing here'],
    ["tcp.port in {80", '"" is no number'],
    ["!".repeat(200) + "tcp", "the filter is nested too deep"],
  ];
  for (const [text, why] of refused.filter(([text]) => text !== "tcp.port in {80")) {
    assertThrows(() => frameFilter(text), FilterError, why);
  }
  assertThrows(() => frameFilter("tcp.port in {80"), FilterError, "Cannot read the filter");
});
