import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { test } from "node:test";
import { NetError, type NetErrorCode } from "../../core/net_error.ts";
import { udp, UDP_BIND_OPTIONS } from "../../protocols/udp.ts";
import {
  address,
  checksum,
  ethernetBench,
  frame,
  hex,
  icmpMessage,
  ip4,
  ipBench,
  ipv4Packet,
  PEER,
  udpDatagram,
} from "./harness.ts";

function throwsCode(code: NetErrorCode, act: () => unknown): string {
  const error = assertThrows(act, NetError);
  assertEquals(error.code, code);
  return error.message;
}

test("a datagram is delivered with its sender, and lent", () => {
  const bench = ipBench();
  const got: unknown[] = [];
  bench.net.udp.bind(
    { port: 9 },
    (data, from, port) => got.push([hex(data), bench.net.ipv4.format(from as never), port]),
  );
  bench.put(ipv4Packet(udpDatagram(1234, 9, [1, 2, 3])), ipv4Packet(udpDatagram(0, 9, [])));
  assertEquals(got, [["010203", PEER, 1234], ["", PEER, 0]]);
});

test("lengths: below 8 and beyond the packet are dropped; what follows the length is not data (RFC 768)", () => {
  const bench = ipBench();
  const got: string[] = [];
  bench.net.udp.bind({ port: 9 }, (data) => void got.push(hex(data)));
  for (const length of [0, 7, 12, 65_535]) {
    bench.put(ipv4Packet(udpDatagram(1, 9, [1, 2, 3], { length, checksum: 0 })));
  }
  bench.put(ipv4Packet([0, 1, 0, 9, 0, 8]));
  assertEquals(bench.counter("udp", "malformed"), 5);
  bench.put(ipv4Packet([...udpDatagram(1, 9, [1, 2]), 9, 9, 9]));
  assertEquals(got, ["0102"]);
});

test("checksums: wrong ones are dropped, none is accepted, zero is sent as all ones (RFC 768; RFC 1122, 4.1.3.4)", () => {
  const bench = ipBench();
  let got = 0;
  const socket = bench.net.udp.bind({ port: 9 }, () => void got++);
  const good = udpDatagram(1, 9, [1, 2, 3]);
  for (let bit = 0; bit < good.length * 8; bit++) {
    const bad = good.slice();
    bad[bit >> 3]! ^= 1 << (bit & 7);
    if (bit >> 3 === 6 || bit >> 3 === 7) continue;
    bench.put(ipv4Packet(bad));
  }
  assertEquals(got, 0);
  bench.put(ipv4Packet(good), ipv4Packet(udpDatagram(1, 9, [1, 2, 3], { checksum: 0 })));
  assertEquals(got, 2);
  // A datagram whose sum is all ones: its complement, zero, would say that there is none.
  for (let i = 0; i < 65_536; i++) {
    const data = Uint8Array.of(i >> 8, i);
    const all = [...ip4("10.0.0.2"), ...ip4(PEER), 0, 17, 0, 10, 0, 9, 0, 5, 0, 10, 0, 0, ...data];
    if (checksum(all) !== 0) continue;
    socket.send(data, address(PEER), 5);
    assertEquals(hex(bench.turn()[0]!.subarray(26, 28)), "ffff");
    return;
  }
  throw new Error("there must be one");
});

test("what is sent is RFC 768's, at every parity of its length", () => {
  const bench = ipBench();
  const socket = bench.net.udp.bind({ port: 9 }, () => {});
  for (let size = 0; size < 40; size++) {
    const data = Uint8Array.from({ length: size }, (_, i) => 255 - i);
    assert(socket.send(data, address(PEER), 77));
    const [packet] = bench.turn();
    assertEquals(hex(packet!.subarray(20)), hex(udpDatagram(9, 77, data, { source: "10.0.0.2", destination: PEER })));
  }
});

test("65,507 bytes may be sent, one more may not; neither may what does not fit unfragmented", () => {
  const bench = ipBench();
  const socket = bench.net.udp.bind({ port: 9 }, () => {});
  assert(socket.send(new Uint8Array(65_507), address(PEER), 7));
  assertEquals(bench.turn().length, 45);
  const message = throwsCode("EMSGSIZE", () => socket.send(new Uint8Array(65_508), address(PEER), 7));
  assertEquals(message, "Cannot send from UDP port 9 to 10.0.0.1: 65508 bytes do not fit into a datagram");
  const whole = bench.net.udp.bind({ port: 10, dontFragment: true }, () => {});
  assert(whole.send(new Uint8Array(1472), address(PEER), 7));
  assertEquals(bench.turn()[0]![6], 0x40);
  throwsCode("EMSGSIZE", () => whole.send(new Uint8Array(1473), address(PEER), 7));
});

test("errors of sending say what is wrong in one sentence", () => {
  const bench = ipBench({ address: "10.0.0.2/24" });
  const socket = bench.net.udp.bind({ port: 9 }, () => {});
  const data = new Uint8Array(1);
  assertEquals(
    throwsCode("ENETUNREACH", () => socket.send(data, address("8.8.8.8"), 7)),
    "Cannot send from UDP port 9 to 8.8.8.8: no route",
  );
  throwsCode("EACCES", () => socket.send(data, address("10.0.0.255"), 7));
  throwsCode("EACCES", () => socket.send(data, address("255.255.255.255"), 7));
  throwsCode("ENOTCONN", () => socket.send(data));
  assertThrows(() => socket.send(data, address(PEER), 0), RangeError);
  assertThrows(() => socket.send(data, address(PEER), 65_536), RangeError);
  socket.close();
  throwsCode("EPIPE", () => socket.send(data, address(PEER), 7));
  socket.close();
});

test("ports: who may have which (EADDRINUSE, EADDRNOTAVAIL, EMFILE)", () => {
  const bench = ipBench({ address: "10.0.0.2/24", addresses: ["10.0.0.3/24"] });
  const { udp } = bench.net;
  const bind = (port: number, hostname?: string, reuseAddress = false) =>
    udp.bind({ port, reuseAddress, ...hostname && { hostname } }, () => {});
  bind(9);
  throwsCode("EADDRINUSE", () => bind(9));
  throwsCode("EADDRINUSE", () => bind(9, "0.0.0.0"));
  throwsCode("EADDRINUSE", () => bind(9, "10.0.0.2"));
  bind(10, "10.0.0.2");
  bind(10, "10.0.0.3");
  throwsCode("EADDRINUSE", () => bind(10, "10.0.0.3"));
  throwsCode("EADDRINUSE", () => bind(10));
  bind(11, "10.0.0.2", true);
  bind(11, undefined, true);
  throwsCode("EADDRINUSE", () => bind(11));
  throwsCode("EADDRNOTAVAIL", () => bind(12, "10.0.0.9"));
  assertThrows(() => bind(12, "example.com"), SyntaxError);
  const closed = bind(13);
  closed.close();
  bind(13);
});

test("the socket that fits best gets the datagram: connected, then bound to the address, then any", () => {
  const bench = ipBench({ address: "10.0.0.2/24", addresses: ["10.0.0.3/24"] });
  const got: string[] = [];
  const bind = (name: string, hostname?: string) =>
    bench.net.udp.bind({ port: 9, reuseAddress: true, ...hostname && { hostname } }, () => void got.push(name));
  bind("any");
  bind("bound", "10.0.0.2");
  bind("connected").connect(PEER, 5);
  const from = (port: number, destination: string): void => {
    bench.put(ipv4Packet(udpDatagram(port, 9, [1], { destination }), { destination }));
  };
  from(5, "10.0.0.2");
  from(6, "10.0.0.2");
  from(5, "10.0.0.3");
  assertEquals(got, ["connected", "bound", "any"]);
});

test("a connected socket hears its peer alone; others are told that there is no port", () => {
  const bench = ipBench();
  let got = 0;
  const socket = bench.net.udp.bind({ port: 9 }, () => void got++);
  socket.connect(PEER, 5);
  bench.put(ipv4Packet(udpDatagram(5, 9, [1])));
  assertEquals(bench.put(ipv4Packet(udpDatagram(6, 9, [1]))).length, 1);
  bench.put(ipv4Packet(udpDatagram(5, 9, [1], { source: "10.0.0.7" }), { source: "10.0.0.7" }));
  assertEquals(got, 1);
  assert(socket.send(Uint8Array.of(1)));
  assertEquals(hex(bench.turn()[0]!.subarray(16, 24)), "0a00000100090005");
  socket.disconnect();
  bench.put(ipv4Packet(udpDatagram(6, 9, [1])));
  assertEquals(got, 2);
});

test("ephemeral ports are random, free, and of the dynamic range; when all are taken, that is said", () => {
  const bench = ipBench();
  const ports = new Set<number>();
  const udp = bench.net.udp;
  for (let i = 0; i < 1000; i++) ports.add(udp.bind({ port: 0 }, () => {}).port);
  assertEquals(ports.size, 1000);
  for (const port of ports) assert(port >= 49_152 && port < 65_536);
  const sorted = [...ports].sort((a, b) => a - b);
  assert(sorted[999]! - sorted[0]! > 8000);
  for (let i = 0; i < 24; i++) udp.bind({ port: 0 }, () => {});
  throwsCode("EMFILE", () => udp.bind({ port: 0 }, () => {}));
});

test("errors reach the socket that sent, connected or not, and nobody else", () => {
  const bench = ipBench();
  const heard: string[] = [];
  const options = (name: string) => ({
    reuseAddress: true,
    onError: (error: NetError, to: unknown, port: number) => void heard.push(`${name} ${error.code} ${to} ${port}`),
  });
  const connected = bench.net.udp.bind({ port: 9, ...options("connected") }, () => {});
  connected.connect(PEER, 5);
  const open = bench.net.udp.bind({ port: 10, ...options("open") }, () => {});
  open.send(Uint8Array.of(1), address(PEER), 6);
  bench.turn();
  const error = (from: number, to: number, destination = PEER): void => {
    const quoted = ipv4Packet(udpDatagram(from, to, [1]), { source: "10.0.0.2", destination });
    bench.put(ipv4Packet(icmpMessage(3, 3, [0, 0, 0, 0], quoted), { protocol: 1, source: "10.0.0.9" }));
  };
  error(9, 6);
  error(9, 5, "10.0.0.7");
  error(11, 5);
  error(10, 6, "10.0.0.7");
  assertEquals(heard, []);
  error(9, 5);
  error(10, 6);
  assertEquals(heard, [`connected ECONNREFUSED ${0x0a000001} 5`, `open ECONNREFUSED ${0x0a000001} 6`]);
});

test("a datagram too big on its way is refused from then on, where it must not be cut (RFC 1191)", () => {
  const bench = ipBench();
  const socket = bench.net.udp.bind({ port: 9, dontFragment: true }, () => {});
  socket.send(new Uint8Array(1400), address("10.9.9.9"), 7);
  const [sent] = bench.turn();
  bench.put(ipv4Packet(icmpMessage(3, 4, [0, 0, 4, 0], sent!.subarray(0, 28)), { protocol: 1, source: "10.0.0.254" }));
  throwsCode("EMSGSIZE", () => socket.send(new Uint8Array(1400), address("10.9.9.9"), 7));
  assert(socket.send(new Uint8Array(1024 - 28), address("10.9.9.9"), 7));
});

test("groups: who joined hears them, frames included, until it leaves", () => {
  const bench = ethernetBench();
  const got: string[] = [];
  const bind = (name: string) => bench.net.udp.bind({ port: 9, reuseAddress: true }, () => void got.push(name));
  const [a, b] = [bind("a"), bind("b")];
  bind("c");
  const destination = "239.1.2.3";
  const put = (): number => {
    const packet = ipv4Packet(udpDatagram(5, 9, [1], { destination }), { destination });
    return bench.put(frame(0x800, packet, { to: "01:00:5e:01:02:03" })).length;
  };
  put();
  assertEquals(bench.counter("ethernet", "foreign"), 1);
  a!.join(destination);
  b!.join(address(destination));
  put();
  assertEquals(got.sort(), ["a", "b"]);
  throwsCode("EADDRINUSE", () => a!.join(destination));
  throwsCode("EADDRNOTAVAIL", () => a!.join("10.0.0.7"));
  a!.leave(destination);
  throwsCode("EADDRNOTAVAIL", () => a!.leave(destination));
  got.length = 0;
  put();
  assertEquals(got, ["b"]);
  b!.close();
  assertEquals(put(), 0);
  assertEquals(got, ["b"]);
  assertEquals(bench.counter("ethernet", "foreign"), 2);
});

test("datagrams to a group live one hop and come back to our own listeners, unless told otherwise", () => {
  const bench = ipBench();
  const got: string[] = [];
  const socket = bench.net.udp.bind({ port: 9 }, (data) => void got.push(hex(data)));
  socket.join("239.1.2.3");
  socket.send(Uint8Array.of(1), address("239.1.2.3"), 9);
  assertEquals(bench.turn().map((packet) => packet[8]), [1]);
  assertEquals(got, ["01"]);
  socket.setMulticastTtl(5);
  socket.setLoopback(false);
  socket.send(Uint8Array.of(2), address("239.1.2.3"), 9);
  assertEquals(bench.turn().map((packet) => packet[8]), [5]);
  assertEquals(got, ["01"]);
  // A group that the socket is connected to as well.
  socket.connect("239.1.2.3", 9);
  socket.setMulticastTtl(7);
  socket.setLoopback(true);
  socket.send(Uint8Array.of(3));
  assertEquals(bench.turn().map((packet) => packet[8]), [7]);
  assertEquals(bench.net.counters().udp!.sent, 3);
  socket.disconnect();
});

test("a broadcast goes to every socket with the port, and to our own", () => {
  const bench = ipBench();
  let got = 0;
  bench.net.udp.bind({ port: 9, reuseAddress: true }, () => void got++);
  const sender = bench.net.udp.bind({ port: 9, reuseAddress: true, broadcast: true }, () => void got++);
  bench.net.udp.bind({ port: 9, reuseAddress: true, hostname: "10.0.0.2" }, () => void got++);
  const destination = "10.0.0.255";
  bench.put(ipv4Packet(udpDatagram(5, 9, [1], { destination }), { destination }));
  assertEquals(got, 2);
  sender.send(Uint8Array.of(1), address(destination), 9);
  bench.turn();
  assertEquals(got, 4);
});

test("an exception of the app is reported and harms nothing", async () => {
  const bench = ipBench();
  const reported: unknown[] = [];
  Object.assign(bench.net, { report: (error: unknown) => reported.push(error) });
  bench.net.udp.bind({ port: 9 }, () => {
    throw new Error("the app's");
  });
  bench.put(ipv4Packet(udpDatagram(5, 9, [1])));
  assertEquals(reported.length, 1);
  assertEquals(bench.counter("loop", "faults"), 0);
  await Promise.resolve();
});

test("listen() waits for datagrams, keeps a bounded queue, and ends with close", async () => {
  const bench = ipBench();
  const conn = bench.net.udp.listen({ port: 9, queue: 2 });
  assertEquals(conn.addr, { transport: "udp", hostname: "0.0.0.0", port: 9 });
  const waiting = conn.receive();
  bench.put(ipv4Packet(udpDatagram(5, 9, [1])));
  assertEquals(await waiting, [Uint8Array.of(1), { transport: "udp", hostname: PEER, port: 5 }]);
  for (let i = 2; i < 9; i++) bench.put(ipv4Packet(udpDatagram(5, 9, [i, i])));
  assertEquals(bench.counter("udp", "overflow"), 5);
  const buffer = new Uint8Array(1);
  assertEquals((await conn.receive(buffer))[0], Uint8Array.of(2));
  assertEquals(buffer[0], 2);
  const all: number[] = [];
  const loop = (async () => {
    for await (const [data] of conn) all.push(data[0]!);
  })();
  assertEquals(await conn.send(Uint8Array.of(7, 7), { hostname: PEER, port: 5 }), 2);
  assertEquals(hex(bench.turn()[0]!.subarray(28)), "0707");
  conn.close();
  await loop;
  assertEquals(all, [3]);
  const error = await assertRejects(() => conn.receive(), NetError);
  assertEquals(error.code, "EPIPE");
  await assertRejects(() => conn.send(Uint8Array.of(7), { hostname: PEER, port: 5 }), NetError);
  conn.close();
});

test("listen(): an error of a connected socket is thrown once, by whoever asks next", async () => {
  const bench = ipBench();
  const conn = bench.net.udp.listen({ port: 9 });
  conn.connect({ hostname: PEER, port: 5 });
  const refuse = (): void => {
    const quoted = ipv4Packet(udpDatagram(9, 5, [1]), { source: "10.0.0.2", destination: PEER });
    bench.put(ipv4Packet(icmpMessage(3, 3, [0, 0, 0, 0], quoted), { protocol: 1 }));
  };
  refuse();
  assertEquals((await assertRejects(() => conn.send(Uint8Array.of(1)), NetError)).code, "ECONNREFUSED");
  await conn.send(Uint8Array.of(1));
  const waiting = conn.receive();
  refuse();
  assertEquals((await assertRejects(() => waiting, NetError)).code, "ECONNREFUSED");
  const last = conn.receive();
  bench.net.close();
  assertEquals((await assertRejects(() => last, NetError)).code, "EPIPE");
});

test("listen(): memberships", async () => {
  const bench = ipBench();
  using conn = bench.net.udp.listen({ port: 9, transport: "udp" });
  const membership = await conn.joinMulticastV4("239.1.2.3");
  await membership.setTTL(3);
  await membership.setLoopback(false);
  await conn.send(Uint8Array.of(1), { hostname: "239.1.2.3", port: 9 });
  assertEquals(bench.turn().map((packet) => packet[8]), [3]);
  await membership.leave();
  await assertRejects(() => membership.leave(), NetError);
});

test("udp refuses options that do not fit", () => {
  assertThrows(() => udp({ sockets: 0 }), RangeError);
  const bench = ipBench();
  assertThrows(() => bench.net.udp.bind({} as never, () => {}), TypeError, 'udp.bind(): option "port" is required');
  assertThrows(() => bench.net.udp.bind({ port: 65_536 }, () => {}), RangeError);
  assertThrows(() => bench.net.udp.listen({ port: 1, transport: "tcp" } as never), RangeError);
  assertEquals(Object.keys(UDP_BIND_OPTIONS.properties).length, 10);
});
