import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { readName, writeName } from "../../core/domain_name.ts";
import { fraction, seededRandom } from "../../core/random.ts";
import { type DnsMessage, readMessage } from "../../protocols/dns/reader.ts";
import type { DnsRecord } from "../../protocols/dns/record.ts";
import { writeMessage } from "../../protocols/dns/writer.ts";

const random = seededRandom(30);
const upTo = (most: number): number => Math.floor(fraction(random) * (most + 1));
const octets = (length: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length }, () => upTo(255));
const pick = <T>(list: readonly T[]): T => list[upTo(list.length - 1)]!;

/** A name as it is read: few labels, so that many share an end. */
function name(): string {
  const labels = Array.from(
    { length: upTo(4) },
    () =>
      upTo(9)
        ? pick(["a", "bc", "www", "example", "com", "_tcp", "x".repeat(30)])
        : readName(Uint8Array.from([3, ...octets(3), 0]), 0)!.name,
  );
  return labels.join(".");
}

function data(type: string): DnsRecord["data"] {
  switch (type) {
    case "A":
      return octets(4).join(".");
    case "AAAA":
      return Array.from({ length: 8 }, () => (upTo(1) ? upTo(65_535) : 0).toString(16)).join(":");
    case "MX":
      return { preference: upTo(65_535), exchange: name() };
    case "SRV":
      return { priority: upTo(65_535), weight: upTo(65_535), port: upTo(65_535), target: name() };
    case "TXT":
      return Array.from({ length: 1 + upTo(3) }, () => "ü".repeat(upTo(9)) + "t".repeat(upTo(200)));
    case "SOA": {
      const [serial, refresh, retry, expire, minimum] = Array.from({ length: 5 }, () => random() >>> 0);
      return {
        mname: name(),
        rname: name(),
        serial: serial!,
        refresh: refresh!,
        retry: retry!,
        expire: expire!,
        minimum: minimum!,
      };
    }
    case "CNAME":
    case "NS":
    case "PTR":
      return name();
    default:
      return octets(upTo(40));
  }
}

function record(): DnsRecord {
  const type = pick(["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT", "TYPE65", "TYPE41"]);
  return {
    name: name(),
    type,
    class: upTo(65_535),
    ttl: type === "TYPE41" ? random() >>> 0 : random() >>> 1,
    data: data(type),
  };
}

function message(): DnsMessage {
  const section = (): DnsRecord[] => Array.from({ length: upTo(6) }, record);
  return {
    id: upTo(65_535),
    flags: upTo(65_535) & ~0x200,
    questions: Array.from(
      { length: upTo(3) },
      () => ({ name: name(), type: pick(["A", "TYPE255"]), class: upTo(65_535) }),
    ),
    answers: section(),
    authorities: section(),
    // The writer puts EDNS last.
    additionals: section().sort((a, b) => Number(a.type === "TYPE41") - Number(b.type === "TYPE41")),
  };
}

test("what is written is what is read", () => {
  for (let i = 0; i < 3000; i++) {
    const one = message();
    assertEquals(readMessage(writeMessage(one)), one);
  }
});

test("names are compressed", () => {
  const record = (name: string): DnsRecord => ({ name, type: "A", class: 1, ttl: 0, data: "1.2.3.4" });
  const bytes = writeMessage({
    id: 0,
    flags: 0,
    questions: [{ name: "www.example.com", type: "A", class: 1 }],
    answers: [record("www.example.com"), record("mail.example.com"), record("com")],
    authorities: [],
    additionals: [],
  });
  assertEquals(bytes.length, 12 + 17 + 4 + (2 + 14) + (5 + 2 + 14) + (2 + 14));
});

test("what does not fit is cut, and says so, but for additional records (RFC 2181, 9)", () => {
  const answers = Array.from(
    { length: 100 },
    (_, i): DnsRecord => ({ name: "a.example", type: "A", class: 1, ttl: 1, data: `10.0.0.${i}` }),
  );
  const opt: DnsRecord = { name: "", type: "TYPE41", class: 1232, ttl: 0, data: new Uint8Array(0) };
  const base = { id: 1, flags: 0x8000, questions: [], authorities: [] };
  const cut = writeMessage({ ...base, answers, additionals: [opt] }, 512);
  assert(cut.length <= 512 && cut.length > 480);
  const read = readMessage(cut)!;
  assertEquals(read.flags, 0x8200);
  assertEquals(read.additionals, [opt]);
  assertEquals(read.answers, answers.slice(0, read.answers.length));
  const extra = readMessage(writeMessage({ ...base, answers: [], additionals: [...answers, opt] }, 512))!;
  assertEquals(extra.flags, 0x8000);
  assertEquals(extra.additionals.at(-1), opt);
});

test("a record that cannot be written leaves nothing that a pointer could lead to", () => {
  const bad: DnsRecord = { name: "q.zz", type: "A", class: 1, ttl: 0, data: "none" };
  const good: DnsRecord = { name: "r.zz", type: "A", class: 1, ttl: 0, data: "1.2.3.4" };
  const bytes = writeMessage({
    id: 0,
    flags: 0,
    questions: [],
    answers: [bad, good],
    authorities: [],
    additionals: [],
  });
  assertEquals(readMessage(bytes)!.answers, [good]);
});

test("pointers that lead forward, to themselves, in circles or out of the message are refused", () => {
  const head = [0, 0, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  for (const bytes of [[0xc0, 12], [0xc0, 14, 1, 97, 0], [1, 97, 0xc0, 12], [0xc0, 200], [0xff, 0xff], [0xc0]]) {
    assertEquals(readMessage(Uint8Array.from([...head, ...bytes, 0, 1, 0, 1])), null, String(bytes));
  }
  // A name of pointers to pointers, each further back, is sound, and bounded by the header before it.
  assertEquals(readName(Uint8Array.from([1, 97, 0, 0xc0, 0, 0xc0, 3]), 5)!.name, "a");
  // One that grows with each pointer ends at 255 bytes.
  const chain = [0];
  for (let i = 0; i < 100; i++) {
    chain.push(3, 97, 97, 97, 0xc0 | (i ? chain.length - 6 >> 8 : 0), i ? chain.length - 6 & 255 : 0);
  }
  assertEquals(readName(Uint8Array.from(chain), chain.length - 6), null);
});

test("names in text and on the wire say the same", () => {
  for (let i = 0; i < 5000; i++) {
    const wire: number[] = [];
    for (let labels = upTo(5); labels > 0; labels--) {
      const label = octets(1 + upTo(20));
      wire.push(label.length, ...label);
    }
    const bytes = Uint8Array.from([...wire, 0]);
    const read = readName(bytes, 0)!;
    assertEquals(read.end, bytes.length);
    assertEquals(writeName(read.name), bytes);
  }
  assertEquals(writeName("ü.de"), Uint8Array.from([2, 195, 188, 2, 100, 101, 0]));
  for (const none of ["..", "a..b", ".a", "x".repeat(64), "\\256.a", "a\\", `${"x".repeat(63)}.`.repeat(4)]) {
    assertEquals(writeName(none), null, none);
  }
  for (const root of ["", "."]) assertEquals(writeName(root), Uint8Array.of(0));
});

test("200,000 mangled messages throw nothing, and what is read of them can be written", () => {
  let read = 0;
  let bytes = writeMessage(message());
  for (let i = 0; i < 200_000; i++) {
    if (i % 20 === 0) bytes = writeMessage(message());
    for (let n = upTo(4); n > 0; n--) bytes[upTo(bytes.length - 1)] = upTo(255);
    const one = readMessage(bytes.subarray(0, upTo(4) ? bytes.length : upTo(bytes.length)));
    if (!one) continue;
    read++;
    if (i % 10 === 0) readMessage(writeMessage(one));
  }
  assert(read > 10_000);
  for (let i = 0; i < 100_000; i++) readMessage(octets(upTo(80)));
});
