// What may come in each state of a connection, and what becomes of it (RFC 9293, 3.10.7.4; RFC 5961; RFC 1122, 4.2.2.13).

import { assert, assertEquals } from "@std/assert";
import { type Case, into } from "./case.ts";
import { text } from "./packets.ts";
import { established, TcpPeer } from "./tcp_peer.ts";
import type { Wire } from "./wire.ts";

export const TCP_STATE_CASES: Case[] = [];
const define = into(TCP_STATE_CASES);

/** Milliseconds to wait for an answer: less than any timer of the host's. */
const PROMPT = 100;
/** Bytes beyond any window. */
const FAR = 5_000_000;

type Reach = (wire: Wire) => Promise<TcpPeer>;

/** The host has closed, and we acknowledge neither its answer nor its FIN; `acked` stands at the FIN. */
async function finWait1(wire: Wire): Promise<TcpPeer> {
  const peer = await established(wire, 80);
  peer.put({ flags: "PA", data: "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n" });
  for (;;) {
    const got = await peer.take();
    assert(got, "no FIN came");
    if (!got.flags.includes("F")) continue;
    peer.acked = got.seq + got.data.length;
    return peer;
  }
}

async function finWait2(wire: Wire): Promise<TcpPeer> {
  const peer = await finWait1(wire);
  peer.acked++;
  peer.put({});
  return peer;
}

async function closing(wire: Wire): Promise<TcpPeer> {
  const peer = await finWait1(wire);
  peer.put({ flags: "FA" });
  await peer.expect({ ack: peer.next });
  return peer;
}

async function timeWait(wire: Wire): Promise<TcpPeer> {
  const peer = await finWait2(wire);
  peer.put({ flags: "FA" });
  await peer.expect({ flags: "A", ack: peer.next });
  return peer;
}

/** We have closed, and our window is closed to what the host would still send. */
async function closeWait(wire: Wire): Promise<TcpPeer> {
  const peer = await established(wire);
  peer.window = 0;
  peer.put({});
  peer.put({ flags: "PA", data: "x" });
  await peer.expect({ flags: "A", ack: 2 });
  peer.put({ flags: "FA" });
  await peer.expect({ flags: "A", ack: 3 });
  return peer;
}

async function lastAck(wire: Wire): Promise<TcpPeer> {
  const peer = await established(wire);
  peer.put({ flags: "FA" });
  const got = await peer.expect({ ack: 2 });
  if (!got.flags.includes("F")) await peer.expect({ flags: "FA", ack: 2 });
  return peer;
}

const STATES: Record<string, Reach> = {
  "ESTABLISHED": established,
  "FIN-WAIT-1": finWait1,
  "FIN-WAIT-2": finWait2,
  "CLOSING": closing,
  "CLOSE-WAIT": closeWait,
  "LAST-ACK": lastAck,
  "TIME-WAIT": timeWait,
};

/** States in which Linux keeps so little of a connection that it answers less. */
const SMALL = ["FIN-WAIT-2", "TIME-WAIT"];

function inStates(name: string, without: readonly string[], run: (peer: TcpPeer) => Promise<void>): void {
  for (const [state, reach] of Object.entries(STATES)) {
    if (without.includes(state)) continue;
    TCP_STATE_CASES.push({ name: `${state}: ${name}`, run: async (wire) => await run(await reach(wire)) });
  }
}

/** Expects an acknowledgement of all that we sent, and no more. */
async function acknowledged(peer: TcpPeer): Promise<void> {
  await peer.expect({ flags: "A", ack: peer.next, length: 0 }, PROMPT);
}

inStates("data beyond the window is answered with an acknowledgement", [], async (peer) => {
  peer.put({ seq: peer.next + FAR, data: "z" });
  await acknowledged(peer);
});
inStates("an acknowledgement of what was never sent is answered with one", SMALL, async (peer) => {
  peer.put({ ack: peer.acked + 1_000_000 });
  await acknowledged(peer);
});
inStates("a SYN in the window is challenged, and resets nothing", SMALL, async (peer) => {
  peer.put({ flags: "S", seq: peer.next });
  await acknowledged(peer);
});
inStates("a SYN below the window is answered with an acknowledgement", ["FIN-WAIT-2"], async (peer) => {
  peer.put({ flags: "S", seq: peer.next - 1000 });
  await acknowledged(peer);
});
inStates("RST in the window, but not at its edge, is challenged", SMALL, async (peer) => {
  peer.put({ flags: "R", seq: peer.next + 7 });
  await acknowledged(peer);
});
inStates("RST beyond the window is dropped", [], async (peer) => {
  peer.put({ flags: "R", seq: peer.next + FAR });
  await peer.silence(PROMPT);
});
inStates("RST at the window's edge ends it", ["TIME-WAIT"], async (peer) => {
  peer.put({ flags: "R", seq: peer.next });
  await peer.silence(1500);
  peer.put({});
  await peer.expect({ flags: "R", seq: peer.acked });
});
inStates("a segment that acknowledges nothing is dropped", ["TIME-WAIT"], async (peer) => {
  peer.put({ flags: "P", seq: peer.next, data: "z" });
  await peer.silence(PROMPT);
});

define("TIME-WAIT: old data is acknowledged, a mere acknowledgement is not", async (wire) => {
  const peer = await timeWait(wire);
  peer.put({ seq: 1, flags: "PA", data: "G" });
  await acknowledged(peer);
  peer.put({});
  await peer.silence(PROMPT);
});
define("TIME-WAIT: a SYN with an earlier number, but a later timestamp, opens anew (RFC 6191)", async (wire) => {
  const stamp = (later: number): number[] => [1, 1, 8, 10, 0, 1, later >> 8, later & 255, 0, 0, 0, 0];
  const peer = new TcpPeer(wire, 80);
  peer.put({ flags: "S", options: [2, 4, 0x05, 0xb4, ...stamp(0)] });
  await peer.expect({ flags: "SA", ack: 1 });
  peer.acked = 1;
  peer.put({ options: stamp(1), flags: "PA", data: "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n" });
  for (let flags = ""; !flags.includes("F");) {
    const got = await peer.take();
    assert(got, "no FIN came");
    flags = got.flags;
    peer.acked = got.seq + got.data.length + 1;
  }
  peer.put({ options: stamp(2), flags: "FA" });
  await peer.expect({ flags: "A", ack: peer.next });
  // The number is taken from what the peer of old had, far below it.
  peer.put({ flags: "S", seq: -500_000, options: stamp(5000) });
  const got = await peer.take();
  assertEquals([got?.flags, got?.ack], ["SA", -499_999]);
});
define("SYN-RECEIVED: what lies beyond the window is acknowledged, and the handshake goes on", async (wire) => {
  const peer = new TcpPeer(wire, 7);
  peer.put({ flags: "S" });
  await peer.expect({ flags: "SA", ack: 1 });
  peer.acked = 1;
  peer.put({ seq: 1 + FAR, data: "z" });
  await peer.expect({ ack: 1, length: 0 });
  peer.put({ flags: "PA", data: "a" });
  assertEquals(await peer.collect(1), Uint8Array.of(97));
});
define("a host that was started anew sends a SYN, resets what is left, and opens (RFC 9293, 3.5.1)", async (wire) => {
  const peer = await established(wire);
  const before = peer.irs;
  peer.irs = before + 0x1000_0000 | 0;
  peer.put({ flags: "S", seq: 0, options: [] });
  const got = await peer.take();
  assertEquals([got?.flags, got!.ack + peer.irs - before | 0], ["A", 1]);
  peer.put({ flags: "R", seq: got!.ack });
  peer.next = 0;
  await peer.open();
  peer.put({ flags: "PA", data: "a" });
  assertEquals(await peer.collect(1), Uint8Array.of(97));
});
define("tcp: RST at RCV.NXT resets", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "R", seq: 1 });
  await peer.silence(100);
  peer.put({ data: "x" });
  await peer.expect({ flags: "R" });
});
define("tcp: RST elsewhere in the window is challenged and does not reset", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "R", seq: 100 });
  await peer.expect({ flags: "A", ack: 1 });
  peer.put({ flags: "PA", data: "alive" });
  assertEquals(await peer.collect(5), text("alive"));
  peer.reset();
});
define("tcp: RST outside the window is dropped", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "R", seq: -100 });
  peer.put({ flags: "R", seq: 100_000_000 });
  await peer.silence();
  peer.put({ flags: "PA", data: "alive" });
  assertEquals(await peer.collect(5), text("alive"));
  peer.reset();
});
define("tcp: SYN in the window is challenged and does not reset", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "S", seq: 10 });
  await peer.expect({ flags: "A", ack: 1 });
  peer.put({ flags: "PA", data: "alive" });
  assertEquals(await peer.collect(5), text("alive"));
  peer.reset();
});
define("tcp: SYN,ACK in a synchronized state is challenged", async (wire) => {
  const peer = await established(wire, 7);
  peer.put({ flags: "SA", seq: 0, ack: 1 });
  await peer.expect({ flags: "A", ack: 1 });
  peer.reset();
});
