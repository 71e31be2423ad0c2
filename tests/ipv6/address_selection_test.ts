import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { rankOf } from "../../core/address_selection.ts";
import { ManualClock } from "../../core/clock.ts";
import type { IpAddress } from "../../core/ip.ts";
import { parseIpv4, tryParseIpv4 } from "../../core/ipv4_address.ts";
import { formatIpv6, parseIpv6 } from "../../core/ipv6_address.ts";
import { seededRandom } from "../../core/random.ts";
import { stack } from "../../core/stack.ts";
import { memory } from "../../drivers/memory.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { ipv6 } from "../../protocols/ipv6.ts";
import { type Ipv6Assigned, selectSource } from "../../protocols/ipv6/source_selection.ts";
import { tcp } from "../../protocols/tcp.ts";
import { udp } from "../../protocols/udp.ts";

/** An address of ours: "2001:db8::1/64", with "d" behind it deprecated, with "t" temporary, with "-" not usable. */
function own(text: string): Ipv6Assigned {
  const [, address, prefix, marks] = /^([^/]+)\/(\d+)([dt-]*)$/.exec(text)!;
  return {
    address: parseIpv6(address!),
    prefix: Number(prefix),
    onLink: true,
    temporary: marks!.includes("t"),
    usable: !marks!.includes("-"),
    deprecated: marks!.includes("d"),
  };
}

// RFC 6724, 10.1, and the rules of section 5 one by one; both orders.
for (
  const [destination, candidates, chosen] of [
    ["2001:db8:1::1", ["2001:db8:3::1/64", "fe80::1/64"], "2001:db8:3::1"],
    ["ff05::1", ["2001:db8:3::1/64", "fe80::1/64"], "2001:db8:3::1"],
    ["2001:db8:1::1", ["2001:db8:1::1/64d", "2001:db8:2::1/64"], "2001:db8:1::1"],
    ["fe80::1", ["fe80::2/64d", "2001:db8:1::1/64"], "fe80::2"],
    ["2001:db8:1::1", ["2001:db8:1::2/64", "2001:db8:3::2/64"], "2001:db8:1::2"],
    ["2001:db8:1::1", ["2001:db8:1::2/64", "2001:db8:1::3/64t"], "2001:db8:1::3"],
    [
      "2002:c633:6401::1",
      ["2002:c633:6401::d5e3:7953:13eb:22e8/64t", "2001:db8:1::2/64"],
      "2002:c633:6401::d5e3:7953:13eb:22e8",
    ],
    ["2002:c633:6401::1", ["2002:c633:6401::d5e3:0:0:1/64", "2001:db8:1::2/64t"], "2002:c633:6401::d5e3:0:0:1"],
    [
      "2001:db8:1::d5e3:0:0:1",
      ["2001:db8:1::2/64", "2001:db8:1::d5e3:7953:13eb:22e8/64t"],
      "2001:db8:1::d5e3:7953:13eb:22e8",
    ],
    ["2001:db8:9::1", ["2001:db8:1::1/64d", "2001:db8:8000::1/64"], "2001:db8:8000::1"],
    ["fd00::9", ["2001:db8::1/64", "fd11::1/64"], "fd11::1"],
    ["2001:db8::9", ["2001:db8::1/64-", "fd11::1/64"], "fd11::1"],
    ["ff02::1", ["2001:db8::1/64", "fe80::1/64"], "fe80::1"],
    ["2001:db8::9", ["fe80::1/64"], "fe80::1"],
  ] as const
) {
  test(`the source for ${destination} among ${candidates.join(" and ")} is ${chosen} (RFC 6724, 5)`, () => {
    const list = candidates.map(own);
    for (const order of [list, [...list].reverse()]) {
      assertEquals(formatIpv6(selectSource(order, parseIpv6(destination))!.address), formatIpv6(parseIpv6(chosen)));
    }
  });
}

test("without an address that is usable there is no source", () => {
  assertEquals(selectSource([own("2001:db8::1/64-")], parseIpv6("2001:db8::9")), null);
});

function any(text: string): IpAddress {
  return tryParseIpv4(text) ?? parseIpv6(text);
}

// RFC 6724, 10.2: pairs of destination and its source, the better one first.
for (
  const [what, better, worse] of [
    ["2: matching scope", ["2001:db8:1::1", "2001:db8:1::2"], ["198.51.100.121", "169.254.13.78"]],
    ["2: matching scope", ["198.51.100.121", "198.51.100.117"], ["2001:db8:1::1", "fe80::1"]],
    ["6: higher precedence", ["2001:db8:1::1", "2001:db8:1::2"], ["10.1.2.3", "10.1.2.4"]],
    ["8: smaller scope", ["fe80::1", "fe80::2"], ["2001:db8:1::1", "2001:db8:1::2"]],
    ["9: longest prefix", ["2001:db8:1::1", "2001:db8:1::2"], ["2001:db8:3ffe::1", "2001:db8:3f44::2"]],
    ["5: matching label", ["2002:c633:6401::1", "2002:c633:6401::2"], ["2001:db8:1::1", "2002:c633:6401::2"]],
    ["6: higher precedence", ["2001:db8:1::1", "2001:db8:1::2"], ["2002:c633:6401::1", "2002:c633:6401::2"]],
    ["1: usable", ["10.1.2.3", "10.1.2.4"], ["2001:db8:1::1", null]],
    ["6: IPv4 before a unique local address", ["10.1.2.3", "10.1.2.4"], ["fd00::1", "fd00::2"]],
  ] as const
) {
  test(`destinations, rule ${what}: ${better[0]} before ${worse[0]} (RFC 6724, 6)`, () => {
    const [x, y] = [better, worse].map(([destination, source]) =>
      rankOf(any(destination), source === null ? null : any(source))
    );
    assert(x! > y!, `${x} > ${y}`);
  });
}

test("destinations, rule 3: one whose source is deprecated comes later; rule 10: otherwise they are equal", () => {
  const source = parseIpv6("2001:db8::1");
  const [a, b, c] = ["2001:db8::2", "2001:db8::3", "2001:db8::4"].map((text, i) =>
    rankOf(parseIpv6(text), source, i === 0)
  );
  assert(a! < b!);
  assertEquals(b, c);
});

// deno-lint-ignore explicit-function-return-type
function dual(options4 = "10.0.0.1/24", options6 = "2001:db8::1/64") {
  const clock = new ManualClock();
  const [left, right] = memory("ip");
  const make = (driver: typeof left, four: string, six: string, seed: number) =>
    stack({
      driver,
      clock,
      random: seededRandom(seed),
      protocols: [ipv4({ address: four }), ipv6({ address: six }), udp(), tcp()],
    });
  const a = make(left, options4, options6, 1);
  const b = make(right, "10.0.0.2/24", "2001:db8::2/64", 2);
  const settle = (): void => {
    for (let i = 0; i < 50; i++) {
      a.poll();
      b.poll();
      clock.advance(1);
    }
  };
  return { a, b, settle };
}

test("a dual stack sorts addresses of both families by how it reaches them", () => {
  const { a, settle } = dual();
  settle();
  const list = [parseIpv4("192.0.2.1"), parseIpv6("2001:db8:9::1"), parseIpv4("10.0.0.9"), parseIpv6("2001:db8::9")];
  const rank = a.ip.rank!;
  assertEquals([...list].sort((x, y) => rank(y) - rank(x)), [list[3]!, list[2]!, list[1]!, list[0]!]);
  // An address that nothing new should begin from is left for one of the other family (rule 3).
  (a.ipv6.addresses.find(({ address }) => address.a === 0x20010db8) as { deprecated: boolean }).deprecated = true;
  assertEquals([...list].sort((x, y) => rank(y) - rank(x))[0], list[2]);
});

for (const hostname of [undefined, "0.0.0.0", "::"]) {
  test(`sockets on ${hostname ?? "no address"} hear both families`, () => {
    const { a, b, settle } = dual();
    const where = hostname === undefined ? {} : { hostname };
    const got: string[] = [];
    b.udp.bind({ port: 7, ...where }, (_, from) => void got.push(b.ip.networkOf(from)!.format(from)));
    b.tcp.accept({ port: 7, ...where }, (connection) => {
      got.push(`tcp ${connection.remote.hostname}`);
      return {};
    });
    for (const to of ["10.0.0.2", "2001:db8::2"]) {
      const { address } = a.ip.parse(to)!;
      a.udp.bind({ port: 0 }, () => {}).send(new Uint8Array(1), address, 7);
      a.tcp.open({ hostname: to === "10.0.0.2" ? to : `[${to}]`, port: 7 }, {});
      settle();
    }
    assertEquals(got.sort(), ["10.0.0.1", "2001:db8::1", "tcp 10.0.0.1", "tcp 2001:db8::1"]);
  });
}

test("sockets on one address hear that family alone, and both may have the port", () => {
  const { a, b, settle } = dual();
  const got: string[] = [];
  for (const hostname of ["10.0.0.2", "2001:db8::2"]) {
    b.udp.bind({ port: 7, hostname }, () => void got.push(hostname));
    b.tcp.accept({ port: 7, hostname }, () => {
      got.push(`tcp ${hostname}`);
      return {};
    });
  }
  a.udp.bind({ port: 0 }, () => {}).send(new Uint8Array(1), a.ip.parse("2001:db8::2")!.address, 7);
  a.tcp.open({ hostname: "10.0.0.2", port: 7 }, {});
  settle();
  assertEquals(got.sort(), ["2001:db8::2", "tcp 10.0.0.2"]);
});

test("an IPv4-mapped address never goes out", () => {
  const { a } = dual();
  assertEquals(a.ipv6.path(parseIpv6("::ffff:10.0.0.2"), null), "ENETUNREACH");
});
