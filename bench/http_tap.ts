/**
 * HTTP over TAP under load from wrk, beside the runtimes' own servers over veth with the same handler.
 *
 * `deno run -A bench/http_tap.ts SERVER` is one server.
 *
 * @module
 */

import process from "node:process";
import { stack } from "@bonsai/net";
import { tap } from "@bonsai/net/drivers/tap";
import { arp } from "@bonsai/net/protocols/arp";
import { ethernet } from "@bonsai/net/protocols/ethernet";
import { httpServer, rememberBodies } from "@bonsai/net/protocols/http_server";
import { icmp } from "@bonsai/net/protocols/icmp";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { tcp } from "@bonsai/net/protocols/tcp";
import { app } from "./app.ts";
import { type Ground, HOST_CIDR, Lab, STACK_CIDR } from "./lab.ts";
import { binary, lacks, NAMES, type Runtime } from "./runtimes.ts";
import type { Contender, Sample, Scenario } from "./scenario.ts";

const CONNECTIONS = 64;
const PORT = 8080;
/** Seconds of load that are not measured at first. */
const WARM_UP = 1;

/** The servers: a name, where it runs, what it stands on, and whom of ours it is set against. */
const SERVERS: readonly (readonly [name: string, runtime: Runtime, ground: Ground, against?: string])[] = [
  ["bonsai", "deno", "tap"],
  ["bonsai", "bun", "tap"],
  ["Deno.serve", "deno", "veth", "bonsai, Deno"],
  ["Bun.serve", "bun", "veth", "bonsai, Bun"],
  ["node:http", "node", "veth", "bonsai, Deno"],
];

/** The scenarios: connections that are kept alive, and one for each request. */
export const httpTap: readonly Scenario[] = [false, true].map((close): Scenario => ({
  name: close ? "http-tap-close" : "http-tap",
  title: close
    ? `HTTP over TAP, a connection for each request, ${CONNECTIONS} at a time, of wrk`
    : `HTTP over TAP, ${CONNECTIONS} keep-alive connections of wrk`,
  conditions: [
    "the handler is a Hono app (node:http, which takes no such handlers, says the same text by itself); wrk counts any " +
    "status but 200 and every broken connection, and there must be none",
    "server alone on processor 0, wrk with one thread on processor 1, in network namespaces; the kernel's TCP on reno",
    "bonsai: HTTP, TCP, IPv4, ARP and Ethernet over tap(), MTU 1500, checksums on, no offloads; with rememberBodies(), which does " +
    "nothing in Deno",
    "the others: the kernel's TCP over veth, MTU 1500, with its offloads",
    "CPU: of the server's process, which on TAP and veth contains the receive path of wrk's kernel",
  ],
  rate: ["requests/s", 1],
  cost: ["CPU µs/request", 1e6],
  open() {
    const missing = Lab.lacks("wrk");
    if (missing !== null) return { contenders: [], absent: [missing] };
    const present = SERVERS.filter(([, runtime]) => binary(runtime));
    return {
      contenders: present.map(([name, runtime, ground, against]): Contender => ({
        name: `${name}, ${NAMES[runtime]}`,
        ...(against === undefined ? {} : { against }),
        measure: (seconds) => round(name, runtime, ground, seconds, close),
      })),
      absent: [...new Set(SERVERS.filter((server) => !present.includes(server)).map(([, runtime]) => lacks(runtime)))],
    };
  },
}));

async function round(
  name: string,
  runtime: Runtime,
  ground: Ground,
  seconds: number,
  close: boolean,
): Promise<Sample> {
  // New ones for each round: what the kernel remembers of one round's connections must not hinder the next.
  await using lab = new Lab();
  const module = runtime === "node" ? "bench/node_http.mjs" : "bench/http_tap.ts";
  const server = await lab.serve(runtime, ground, module, name, String(PORT));
  await load(lab, server.hostname, WARM_UP, close);
  const [user, system] = server.cpu();
  const { requests, took, p99 } = await load(lab, server.hostname, seconds, close);
  const [userAfter, systemAfter] = server.cpu();
  return { units: requests, seconds: took, user: userAfter - user, system: systemAfter - system, p99 };
}

/** Runs wrk. */
async function load(lab: Lab, hostname: string, seconds: number, close: boolean): Promise<{
  requests: number;
  took: number;
  p99: number;
}> {
  const url = `http://${hostname}:${PORT}/`;
  const wrk = lab.start([
    ...["wrk", "-t1", `-c${CONNECTIONS}`, `-d${Math.ceil(seconds)}s`, "--latency"],
    ...(close ? ["-H", "Connection: close"] : []),
    url,
  ]);
  const status = await wrk.ended;
  const text = wrk.stdout;
  const [, requests, took] = /(\d+) requests in ([\d.]+)s/.exec(text) ?? [];
  const [, p99, unit = ""] = /99%\s+([\d.]+)(us|ms|s)/.exec(text) ?? [];
  // An end of the connection that comes together with the response counts as a read error for wrk.
  const broken = close ? /Socket errors: (?!connect 0, read \d+, write 0, timeout 0)/ : /Socket errors/;
  if (status !== 0 || !requests || !took || !p99 || broken.test(text) || text.includes("Non-2xx")) {
    throw new Error(`wrk is not content with ${url}: ${wrk.said()}`);
  }
  return {
    requests: Number(requests),
    took: Number(took),
    p99: Number(p99) * ({ us: 0.001, ms: 1, s: 1000 }[unit] ?? NaN),
  };
}

/** What is used of Bun. */
interface BunServe {
  serve(options: { port: number; fetch: (request: Request) => Response | Promise<Response> }): void;
}

if (import.meta.main) {
  const [name, port] = process.argv.slice(2);
  const options = { port: Number(port) };
  if (name === "Deno.serve") Deno.serve({ ...options, onListen() {} }, app.fetch);
  else if (name === "Bun.serve") {
    (globalThis as unknown as { Bun: BunServe }).Bun.serve({ ...options, fetch: app.fetch });
  } else {
    const net = stack({
      driver: tap("tap0", { host: HOST_CIDR }),
      protocols: [ethernet(), arp(), ipv4({ address: STACK_CIDR }), icmp(), tcp(), httpServer()],
    });
    rememberBodies();
    net.http.serve(app, options);
  }
  console.log("ready");
}
