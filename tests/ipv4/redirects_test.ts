import { assertEquals } from "@std/assert";
import { test } from "node:test";
import {
  address,
  arpMessage,
  ethernetBench,
  frame,
  icmpMessage,
  ip4,
  ipBench,
  type Ipv4Fields,
  ipv4Packet,
  mac,
  OURS,
  PEER,
  udpDatagram,
} from "../protocols/harness.ts";

const ROUTER = "10.0.0.254";
const BETTER = "10.0.0.253";
const FAR = "192.0.2.9";

type Quote = Ipv4Fields & { code?: number; via?: string; from?: string };

/** A redirect (RFC 792): the router, then the packet that it is about. */
function redirect({ code = 1, via = BETTER, from = ROUTER, ...quoted }: Quote = {}): Uint8Array {
  const packet = ipv4Packet(udpDatagram(5, 9, [1]), { source: OURS, destination: FAR, ...quoted });
  return ipv4Packet(icmpMessage(5, code, ip4(via), packet), { source: from, protocol: 1 });
}

function hop(bench: { net: { ipv4: ReturnType<typeof ipBench>["net"]["ipv4"] } }, to: string = FAR): string {
  return bench.net.ipv4.format(bench.net.ipv4.nextHop(address(to))!);
}

test("a redirect from the router in use is followed for the host that it is about (RFC 1122, 3.2.2.2)", () => {
  // About a host or a network, with or without a type of service: nobody tells the network's size.
  for (const code of [0, 1, 2, 3]) {
    const bench = ipBench();
    assertEquals(bench.put(redirect({ code })), []);
    assertEquals([hop(bench), hop(bench, "192.0.2.10")], [BETTER, ROUTER]);
    assertEquals([bench.counter("icmp", "redirects"), bench.counter("icmp", "badRedirects")], [1, 0]);
  }
});

test("a path that is in use goes the new way", () => {
  const bench = ethernetBench();
  const routers = [[ROUTER, "02:00:00:00:00:fe"], [BETTER, "02:00:00:00:00:fd"]] as const;
  const socket = bench.net.udp.bind({ port: 5 }, () => {});
  const gone: string[] = [];
  const send = (): void => {
    socket.send(Uint8Array.of(1), address(FAR), 9);
    for (let sent = bench.turn(); sent.length > 0;) {
      const [first] = sent;
      if (first![13] === 6) {
        const [router, hardware] = routers.find(([text]) => ip4(text).join() === [...first!.subarray(38, 42)].join())!;
        sent = bench.put(frame(0x806, arpMessage(2, { senderMac: hardware, sender: router }), { from: hardware }));
      } else {
        gone.push(routers.find(([, hardware]) => mac(hardware).join() === [...first!.subarray(0, 6)].join())![0]);
        break;
      }
    }
  };
  send();
  bench.put(frame(0x800, redirect()));
  send();
  assertEquals(gone, [ROUTER, BETTER]);
});

test("what is no sensible redirect is not followed (RFC 1122, 3.2.2.2)", () => {
  const bad: Quote[] = [
    { from: PEER },
    { via: "192.0.2.1" },
    { via: OURS },
    { via: ROUTER },
    { via: "10.0.0.255" },
    { via: "224.0.0.1" },
    { via: "0.0.0.0" },
    { source: "10.0.0.9" },
    { destination: OURS },
    { destination: "224.0.0.5" },
    { destination: "10.0.0.7" },
    { destination: PEER, from: PEER },
    { code: 4 },
    { version: 6 },
  ];
  for (const fields of bad) {
    const bench = ipBench();
    bench.put(redirect(fields));
    assertEquals([bench.counter("icmp", "redirects"), bench.counter("icmp", "badRedirects"), hop(bench)], [
      0,
      1,
      ROUTER,
    ], JSON.stringify(fields));
  }
  const bench = ipBench();
  bench.put(ipv4Packet(icmpMessage(5, 1, ip4(BETTER), redirect().subarray(28, 55)), { source: ROUTER, protocol: 1 }));
  assertEquals(bench.counter("icmp", "badRedirects"), 1);
});

test("the new router may send us on, the old one may not any more", () => {
  const bench = ipBench();
  bench.put(redirect());
  bench.put(redirect({ via: "10.0.0.252" }));
  assertEquals(hop(bench), BETTER);
  bench.put(redirect({ via: "10.0.0.252", from: BETTER }));
  assertEquals(hop(bench), "10.0.0.252");
});

test("a redirect is followed for ten minutes", () => {
  const bench = ipBench();
  bench.put(redirect());
  bench.pass(300_000, 1000);
  bench.put(redirect({ destination: "192.0.2.10" }));
  bench.pass(299_000, 1000);
  assertEquals(hop(bench), BETTER);
  bench.pass(1000);
  assertEquals([hop(bench), hop(bench, "192.0.2.10")], [ROUTER, BETTER]);
  bench.pass(300_000, 1000);
  assertEquals(hop(bench, "192.0.2.10"), ROUTER);
});

test("64 are followed at once: the oldest makes room", () => {
  const bench = ipBench();
  for (let i = 0; i < 65; i++) bench.put(redirect({ destination: `198.51.100.${i}` }));
  assertEquals([hop(bench, "198.51.100.0"), hop(bench, "198.51.100.1")], [ROUTER, BETTER]);
});

test("where the new router does not answer, the old one is tried again (RFC 1122, 3.3.1.5)", () => {
  const bench = ethernetBench();
  bench.put(frame(0x800, redirect()));
  assertEquals(hop(bench), BETTER);
  bench.net.udp.bind({ port: 5 }, () => {}).send(Uint8Array.of(1), address(FAR), 9);
  bench.pass(10_000);
  assertEquals(hop(bench), ROUTER);
  assertEquals(bench.net.packetsTaken, 0);
});

test("who says so follows none", () => {
  const bench = ipBench(undefined, { icmpOptions: { redirects: false } });
  bench.put(redirect());
  assertEquals([hop(bench), bench.counter("icmp", "ignored")], [ROUTER, 1]);
});
