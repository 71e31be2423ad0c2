/**
 * Bulk TCP over TAP against a client of the kernel's, beside the kernel's own TCP over veth with the same programs.
 *
 * `deno run -A bench/tap_bulk.ts bonsai|offload|kernel|in HOST SECONDS|out HOST SECONDS`.
 *
 * @module
 */

import process from "node:process";
import { stack } from "@bonsai/net";
import { tap } from "@bonsai/net/drivers/tap";
import { arp } from "@bonsai/net/protocols/arp";
import { ethernet } from "@bonsai/net/protocols/ethernet";
import { icmp } from "@bonsai/net/protocols/icmp";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { tcp } from "@bonsai/net/protocols/tcp";
import { type BulkConn, type BulkTcp, hostTcp } from "./host_tcp.ts";
import { type Ground, HOST_CIDR, Lab, STACK_CIDR } from "./lab.ts";
import { CHUNK, Source, Verifier } from "./payload.ts";
import { binary, command, lacks, NAMES, type Runtime } from "./runtimes.ts";
import type { Contender, Sample, Scenario } from "./scenario.ts";

/** Takes the payload, verifies it, and answers with the number of its bytes. */
const SINK = 5001;
/** Sends payload until the connection is closed. */
const SOURCE = 5002;
/** Seconds that are not measured at first. */
const WARM_UP = 1;

/** Which way the payload goes, seen from the server. */
type Way = "in" | "out";

/** The servers: over tap() without and with its offloads, and on the kernel's TCP. */
type Server = "bonsai" | "offload" | "kernel";

/** The scenarios: one each way. */
export const tapBulk: readonly Scenario[] = (["in", "out"] as const).map((way) => ({
  name: `tap-${way}`,
  title: way === "in" ? "TCP goodput from a kernel client, over TAP" : "TCP goodput to a kernel client, over TAP",
  conditions: [
    "one connection; server alone on processor 0, client (Deno's sockets) on processor 1; every byte compared",
    "bonsai: Ethernet, ARP, IPv4, ICMP and TCP over tap(), MTU 1500, checksums on, no offloads; offload: with them",
    "kernel: its TCP over veth, MTU 1500, with its offloads, through the runtime's sockets; the same program",
    "CPU: of the server's process, which on TAP and veth contains the other side's receive path; kernel clients on reno",
  ],
  rate: ["Gbit/s", 125_000_000],
  cost: ["CPU s/GB", 1e9],
  open: () => {
    const missing = Lab.lacks();
    if (missing !== null || !binary("deno")) return { contenders: [], absent: [missing ?? lacks("deno")] };
    const runtimes = (["deno", "bun"] as const).filter(binary);
    const contender = (name: Server, runtime: Runtime): Contender => ({
      name: `${name}, ${NAMES[runtime]}`,
      ...(name === "kernel" ? { against: `offload, ${NAMES[runtime]}` } : {}),
      measure: (seconds) => round(name, runtime, way, seconds),
    });
    return {
      contenders: (["bonsai", "offload", "kernel"] as const).flatMap((name) =>
        runtimes.map((runtime) => contender(name, runtime))
      ),
      absent: binary("bun") ? [] : [lacks("bun")],
    };
  },
}));

async function round(
  name: Server,
  runtime: Runtime,
  way: Way,
  seconds: number,
): Promise<Sample> {
  await using lab = new Lab();
  const ground: Ground = name === "kernel" ? "veth" : "tap";
  const server = await lab.serve(runtime, ground, "bench/tap_bulk.ts", name);
  const client = async (seconds: number): Promise<{ bytes: number; seconds: number }> => {
    const program = lab.start(command("deno", "bench/tap_bulk.ts", way, server.hostname, String(seconds)));
    const [, line] = await program.line(/^result (.*)/, seconds * 1000 + 20_000);
    return JSON.parse(line!);
  };
  await client(WARM_UP);
  const [user, system] = server.cpu();
  const { bytes, seconds: took } = await client(seconds);
  const [userAfter, systemAfter] = server.cpu();
  return { units: bytes, seconds: took, user: userAfter - user, system: systemAfter - system };
}

/** The server, over any TCP. */
function serve(net: BulkTcp): void {
  const each = async (port: number, use: (conn: BulkConn) => Promise<void>): Promise<void> => {
    for await (const conn of net.listen({ port })) {
      // The client goes away in the middle of what it is sent: that ends the connection, not the server.
      use(conn).catch(() => {}).finally(() => conn.close());
    }
  };
  void each(SINK, async (conn) => {
    const verified = await drain(conn, Infinity);
    await conn.write(new TextEncoder().encode(String(verified)));
    await conn.closeWrite();
    await conn.read(new Uint8Array(1));
  });
  void each(SOURCE, (conn) => fill(conn, Infinity));
  console.log("ready");
}

/** Sends payload until a time has come. */
async function fill(conn: BulkConn, deadline: number): Promise<void> {
  const source = new Source();
  while (performance.now() < deadline) source.advance(await conn.write(source.next()));
}

/** Verifies payload until a time has come or it ends; tells how many bytes were right. */
async function drain(conn: BulkConn, deadline: number): Promise<number> {
  const verifier = new Verifier();
  const chunk = new Uint8Array(CHUNK);
  while (performance.now() < deadline) {
    const size = await conn.read(chunk);
    if (size === null) break;
    verifier.take(chunk.subarray(0, size));
  }
  return verifier.verified;
}

/** The client. */
async function load(way: Way, hostname: string, seconds: number): Promise<void> {
  const conn = await hostTcp.connect({ hostname, port: way === "in" ? SINK : SOURCE });
  const began = performance.now();
  const deadline = began + seconds * 1000;
  let bytes = 0;
  if (way === "in") {
    await fill(conn, deadline);
    await conn.closeWrite();
    const answer = new Uint8Array(32);
    const size = await conn.read(answer);
    bytes = Number(new TextDecoder().decode(answer.subarray(0, size ?? 0)));
  } else bytes = await drain(conn, deadline);
  if (!(bytes > 0)) throw new Error("The server verified nothing");
  console.log(`result ${JSON.stringify({ bytes, seconds: (performance.now() - began) / 1000 })}`);
  process.exit(0);
}

if (import.meta.main) {
  const [role, hostname = "", seconds = "2"] = process.argv.slice(2);
  if (role === "in" || role === "out") await load(role, hostname, Number(seconds));
  else if (role === "kernel") serve(hostTcp);
  else {
    const driver = tap("tap0", { host: HOST_CIDR, offload: role === "offload" });
    serve(stack({ driver, protocols: [ethernet(), arp(), ipv4({ address: STACK_CIDR }), icmp(), tcp()] }).tcp);
  }
}
