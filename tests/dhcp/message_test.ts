import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { fraction, seededRandom } from "../../core/random.ts";
import { BOOTREPLY, BOOTREQUEST } from "../../protocols/dhcp/codes.ts";
import { readLease } from "../../protocols/dhcp/lease.ts";
import { readOptions, writeMessage } from "../../protocols/dhcp/message.ts";
import { everyOption } from "../../protocols/dhcp_options.ts";
import { ACK, type DhcpMessage, OPTION, readDhcp, writeDhcp } from "./messages.ts";
import { World } from "./world.ts";

const random = seededRandom(20);
const upTo = (most: number): number => Math.floor(fraction(random) * (most + 1));
const octets = (length: number): number[] => Array.from({ length }, () => upTo(255));

function message(): DhcpMessage {
  const options = new Map<number, number[]>();
  for (let left = upTo(20); left > 0; left--) options.set(1 + upTo(253), octets(upTo(upTo(9) ? 20 : 600)));
  options.delete(52);
  options.set(OPTION.type, octets(1));
  return {
    op: 1 + upTo(1),
    xid: random(),
    secs: upTo(0xffff),
    flags: upTo(1) << 15,
    ciaddr: random(),
    yiaddr: random(),
    siaddr: random(),
    giaddr: random(),
    chaddr: octets(6),
    options,
  };
}

test("what the tests write is read, and what is written the tests read", () => {
  for (let i = 0; i < 2000; i++) {
    const one = message();
    const op = one.op === 1 ? BOOTREQUEST : BOOTREPLY;
    const bytes = writeDhcp(one);
    const read = readOptions(bytes, op)!;
    for (const [code, value] of one.options) assertEquals(read[code], value);
    assertEquals(read.filter((value) => value).length, one.options.size);
    assertEquals(readOptions(bytes, op === BOOTREPLY ? BOOTREQUEST : BOOTREPLY), null);
    const short = [...one.options].filter(([, { length }]) => length < 256);
    const flat = short.flatMap(([code, value]) => [code, value.length, ...value]);
    const written = writeMessage(op, one.xid, Uint8Array.from(one.chaddr), flat);
    assert(written.length >= 300);
    const none = { secs: 0, flags: 0, ciaddr: 0, yiaddr: 0, siaddr: 0, giaddr: 0 };
    assertEquals(readDhcp(written), { ...one, ...none, options: new Map(short) });
  }
});

test("options may overflow into the fields of names (RFC 2132, 9.3), and stand in parts (RFC 3396)", () => {
  const bytes = new Uint8Array(300);
  bytes.set([2, 1, 6]);
  bytes.set([99, 130, 83, 99, 52, 1, 3, 12, 1, 97, 255], 236);
  bytes.set([53, 1, 5, 12, 1, 98, 255], 108);
  bytes.set([0, 0, 12, 2, 99, 100], 44);
  const options = readOptions(bytes, BOOTREPLY)!;
  assertEquals(options[12], [97, 98, 99, 100]);
  assertEquals(options[53], [5]);
});

test("200,000 mangled messages throw nothing", () => {
  for (let i = 0; i < 200_000; i++) {
    const bytes = i % 50 === 0 ? writeDhcp(message()) : shared;
    if (i % 50 === 0) shared = bytes;
    const cut = bytes.subarray(0, upTo(9) ? bytes.length : upTo(bytes.length));
    for (let n = upTo(6); n > 0; n--) {
      bytes[upTo(9) ? 236 + upTo(bytes.length - 237) : upTo(bytes.length - 1)] = upTo(255);
    }
    const options = readOptions(cut, bytes[0] === 2 ? BOOTREPLY : BOOTREQUEST);
    if (!options) continue;
    readLease(cut, options, 0);
    for (const { code, read } of everyOption) if (options[code]) read!(options[code]);
  }
});
let shared = writeDhcp(message());

test("garbage at the client's port throws nothing and leaves it able to get a lease", async () => {
  const world = new World();
  world.server();
  const noise = world.host("10.0.0.66/24");
  const client = world.client({ options: everyOption });
  const path = noise.ipv4.path(-1 as never, null);
  if (typeof path === "string") throw new Error(path);
  for (let i = 0; i < 5000; i++) {
    const one = message();
    one.op = 2;
    one.options.set(OPTION.type, [upTo(1) ? ACK : upTo(9)]);
    one.options.set(OPTION.server, octets(4));
    const bytes = upTo(3) ? writeDhcp(one) : Uint8Array.from(octets(upTo(400)));
    noise.udp.transmit(path, 67, 68, bytes);
    noise.udp.transmit(path, 68, 67, bytes);
    if (i % 50 === 0) {
      noise.poll();
      client.poll();
    }
  }
  await world.wait(client.dhcp.bound());
  assertEquals(client.counters().loop!.faults, 0);
});
