// How TCP connections end, whoever closes first (RFC 9293, 3.6).

import { assert, assertEquals } from "@std/assert";
import { type Case, into } from "./case.ts";
import { established, TcpPeer } from "./tcp_peer.ts";
import type { Wire } from "./wire.ts";

export const TCP_CLOSING_CASES: Case[] = [];
const define = into(TCP_CLOSING_CASES);

define("tcp: a FIN waits for a closed window, and is not lost", async (wire) => {
  const peer = await established(wire, 7);
  peer.window = 0;
  peer.put({ flags: "FA" });
  while (await peer.take(700));
  peer.window = 1000;
  peer.put({});
  for (;;) {
    const got = await peer.take(3000);
    assert(got, "no FIN came");
    if (got.flags.includes("F")) break;
  }
  peer.put({ flags: "R", seq: 2 });
});
define("tcp: FIN is acknowledged, and answered with FIN when the service closes too", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "FA" });
  let got = await peer.expect({ ack: 2 });
  if (!got.flags.includes("F")) got = await peer.expect({ ack: 2 });
  assert(got.flags.includes("F"), got.flags);
  peer.acked = 2;
  peer.put({});
  await peer.silence(100);
  // The connection is gone.
  peer.put({ data: "x" });
  await peer.expect({ flags: "R" });
});
define("tcp: FIN with data: the data is echoed before the FIN", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "FPA", data: "last" });
  let data = "";
  for (;;) {
    const got = await peer.take();
    assert(got, "no FIN came");
    assertEquals(got.ack, 6);
    data += new TextDecoder().decode(got.data);
    if (got.flags.includes("F")) break;
  }
  assertEquals(data, "last");
  peer.acked = 6;
  peer.put({});
});
define("tcp: FIN out of order waits for what is missing", async (wire) => {
  const peer = await established(wire, 9);
  peer.put({ flags: "FA", seq: 4, data: "def" });
  await peer.expect({ flags: "A", ack: 1 });
  peer.put({ seq: 1, data: "abc" });
  for (;;) {
    const got = await peer.take();
    assert(got, "the FIN was not acknowledged");
    if (got.ack === 8) break;
  }
  peer.put({ flags: "R", seq: 8 });
});
define("tcp: our FIN not acknowledged is sent again", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "FA" });
  let fins = 0;
  while (fins < 2) {
    const got = await peer.take(3000);
    assert(got, "the FIN was not sent again");
    if (got.flags.includes("F")) fins++;
  }
  peer.reset();
});

/** Asks for a page after which the host closes; gives the peer, everything taken, and nothing of the FIN acknowledged. */
async function fetched(wire: Wire): Promise<{ peer: TcpPeer; body: string; end: number }> {
  const peer = new TcpPeer(wire, 80);
  await peer.open();
  peer.put({ flags: "PA", data: "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n" });
  let body = "";
  for (;;) {
    const got = await peer.take(2000);
    assert(got, "the host did not close");
    body += new TextDecoder().decode(got.data);
    peer.acked = Math.max(peer.acked, got.seq + got.data.length);
    if (got.flags.includes("F")) return { peer, body, end: peer.acked + 1 };
    if (got.data.length > 0) peer.put({});
  }
}

define("http: what is asked for with connection: close is answered, then closed", async (wire) => {
  const { peer, body, end } = await fetched(wire);
  assert(body.startsWith("HTTP/1.1 200"), body);
  peer.acked = end;
  peer.put({ flags: "FA" });
  await peer.expect({ flags: "A", seq: end, ack: peer.next });
});
define("tcp: TIME-WAIT acknowledges a FIN that comes again", async (wire) => {
  const { peer, end } = await fetched(wire);
  peer.acked = end;
  const fin = peer.next;
  peer.put({ flags: "FA" });
  await peer.expect({ flags: "A", ack: fin + 1 });
  for (let i = 0; i < 2; i++) {
    // Linux answers what is out of its window no more than every half second.
    await peer.silence(600);
    peer.put({ flags: "FA", seq: fin });
    await peer.expect({ flags: "A", seq: end, ack: fin + 1 });
  }
});
define("tcp: TIME-WAIT gives way to a new SYN with a later number (RFC 1122, 4.2.2.13)", async (wire) => {
  const { peer, end } = await fetched(wire);
  peer.acked = end;
  peer.put({ flags: "FA" });
  await peer.expect({ flags: "A" });
  peer.irs += 100_000;
  peer.next = 0;
  peer.put({ flags: "S", options: [2, 4, 5, 0xb4] });
  await peer.expect({ flags: "SA", ack: 1 });
  peer.put({ flags: "R", seq: 1 });
});
define("tcp: FIN-WAIT-2 takes data, and the FIN behind it", async (wire) => {
  const { peer, end } = await fetched(wire);
  peer.acked = end;
  peer.put({});
  await peer.silence(100);
  const fin = peer.next;
  peer.put({ flags: "FA" });
  await peer.expect({ flags: "A", seq: end, ack: fin + 1 });
});
define("tcp: both close at once", async (wire) => {
  const { peer, end } = await fetched(wire);
  // The FIN is not acknowledged yet.
  const fin = peer.next;
  peer.put({ flags: "FA" });
  const got = await peer.expect({ ack: fin + 1 });
  assert(got.flags === "A" || got.flags === "FA", got.flags);
  peer.acked = end;
  peer.put({});
  await peer.silence(100);
  peer.put({ flags: "FA", seq: fin });
  await peer.expect({ flags: "A", ack: fin + 1 });
});
define("tcp: the host's FIN comes again until it is acknowledged", async (wire) => {
  const { peer, end } = await fetched(wire);
  for (let i = 0; i < 2; i++) {
    const got = await peer.expect({}, 3000);
    assert(got.flags.includes("F"), got.flags);
  }
  peer.acked = end;
  peer.put({});
  await peer.silence(1500);
  peer.put({ flags: "R", seq: peer.next });
});
define("tcp: RST ends FIN-WAIT", async (wire) => {
  const { peer, end } = await fetched(wire);
  peer.acked = end;
  peer.put({ flags: "R", seq: peer.next });
  await peer.silence(2000);
});
