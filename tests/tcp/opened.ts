// Connections of a scripted peer, as the tests of this folder begin.

import { assertEquals } from "@std/assert";
import type { TcpConnection, TcpOptions, TcpUser } from "@bonsai/net/protocols/tcp";
import { bytesOf, ScriptedPeer } from "./scripted_peer.ts";

/** The MSS option of 1460 bytes. */
export const MSS = [2, 4, 0x05, 0xb4];

/** A connection between a scripted peer and the stack. */
export interface Open {
  readonly peer: ScriptedPeer;
  readonly conn: TcpConnection;
  readonly log: string[];
}

/** A connection that the peer opened, with a user that writes down what it is told. */
export async function opened(options: TcpOptions = {}, synOptions = MSS, user: TcpUser = {}): Promise<Open> {
  const peer = new ScriptedPeer(options);
  const log: string[] = [];
  let conn: TcpConnection | undefined;
  peer.net.tcp.accept({ port: 80 }, (c) => {
    conn = c;
    return {
      readable: () => log.push(c.readEnded ? "end" : `readable ${c.readable}`),
      closed: (_, error) => log.push(`closed ${error?.code ?? "well"}`),
      urgent: (_, ahead) => log.push(`urgent ${ahead}`),
      ...user,
    };
  });
  await peer.open(synOptions);
  return { peer, conn: conn!, log };
}

/** Bytes to send. */
export const bytes = (length: number, value = 0x61): Uint8Array => new Uint8Array(length).fill(value);

/** The options of a SYN that offers timestamps. */
export const TS = [...MSS, 1, 1, 8, 10, ...bytesOf(1000), ...bytesOf(0)];

/** A connection that the stack opens; its SYN was taken. */
export async function opening(): Promise<Open> {
  const peer = new ScriptedPeer();
  const log: string[] = [];
  const conn = peer.net.tcp.open({ hostname: "10.0.0.1", port: 9000 }, {
    opened: () => log.push("opened"),
    closed: (_, error) => log.push(`closed ${error?.code ?? "well"}`),
  });
  await peer.settle();
  const syn = peer.take()!;
  assertEquals(syn.flags, "S");
  peer.stackPort = syn.sourcePort;
  peer.port = 9000;
  return { peer, conn, log };
}
