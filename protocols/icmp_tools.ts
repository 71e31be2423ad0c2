/**
 * The tools that ICMP was made for, as functions over a stack: `ping`, `traceroute` and `discoverPathMtu`. They work over
 * `icmp()`, `icmpv6()` or both; a stack that does not call them carries no byte of them.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { icmp } from "@bonsai/net/protocols/icmp";
 * import { ping } from "@bonsai/net/protocols/icmp_tools";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 *
 * const [driver] = memory("ip");
 * const net = stack({ driver, protocols: [ipv4({ address: "10.0.0.2/24" }), icmp()] });
 * ping(net, "10.0.0.1").then(({ sent, received }) => console.log(`${received} of ${sent}`));
 * ```
 *
 * @module
 */

import { NetError } from "../core/net_error.ts";
import { checkOptions, type OptionsSchema } from "../core/options.ts";
import type { Core } from "../core/protocol.ts";
import { Timer } from "../core/timers.ts";
import { addressOf, ECHO_HEADER, Echoes, type EchoStack } from "./icmp_tools/echo.ts";

export type { EchoLayer, EchoStack } from "./icmp_tools/echo.ts";

/** What became of one echo. */
export interface PingReply {
  /** Which one, from 1 on. */
  readonly sequence: number;
  /** Milliseconds until the reply, or until a fault was told; null when nothing was heard in time. */
  readonly time: number | null;
  /** Who answered, in text: the host, or who told of a fault. */
  readonly from: string | null;
  /** The TTL or hop limit of the reply; 0 without one. */
  readonly ttl: number;
  /** Why there is no reply; null when there is one. */
  readonly error: NetError | null;
}

/** What came of a ping. */
export interface PingReport {
  /** The host's address, in text. */
  readonly address: string;
  /** Echoes sent. */
  readonly sent: number;
  /** Replies. */
  readonly received: number;
  /** What became of each echo. */
  readonly replies: readonly PingReply[];
}

/** How to ping. */
export interface PingOptions {
  /** Echoes; 4 when left out. */
  readonly count?: number;
  /** Bytes of data in each, 0 to 65,507; 56 when left out. */
  readonly size?: number;
  /** Milliseconds from one to the next; 1,000 when left out. */
  readonly interval?: number;
  /** Milliseconds to wait for each reply; 1,000 when left out. */
  readonly timeout?: number;
  /** Hops that they may take; the network's when left out. */
  readonly ttl?: number;
  /** Hears of each as soon as it is known. */
  readonly onReply?: (reply: PingReply) => void;
  /** Ends it early; what was sent until then is reported. */
  readonly signal?: AbortSignal;
}

/** The JSON Schema of {@linkcode PingOptions}. */
export const PING_OPTIONS: OptionsSchema<PingOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    count: { type: "integer", minimum: 1 },
    size: { type: "integer", minimum: 0, maximum: 65_507 },
    interval: { type: "number", minimum: 0 },
    timeout: { type: "number", minimum: 1 },
    ttl: { type: "integer", minimum: 1, maximum: 255 },
    onReply: {},
    signal: {},
  },
};

/** One router on the way, or the host. */
export interface Hop {
  /** How far away, from 1 on. */
  readonly ttl: number;
  /** Its address, in text; null when it did not answer. */
  readonly from: string | null;
  /** Milliseconds until each answer; null for one that did not come. */
  readonly times: readonly (number | null)[];
  /** Whether it is the host. */
  readonly reached: boolean;
  /** Why it goes no further, where it says so; null otherwise. */
  readonly error: NetError | null;
}

/** How to trace a route. */
export interface TracerouteOptions {
  /** Hops, at most; 30 when left out. */
  readonly maxHops?: number;
  /** Echoes to each; 3 when left out. */
  readonly probes?: number;
  /** Milliseconds to wait for each answer; 1,000 when left out. */
  readonly timeout?: number;
  /** Hears of each hop as soon as it is known. */
  readonly onHop?: (hop: Hop) => void;
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

/** The JSON Schema of {@linkcode TracerouteOptions}. */
export const TRACEROUTE_OPTIONS: OptionsSchema<TracerouteOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    maxHops: { type: "integer", minimum: 1, maximum: 255 },
    probes: { type: "integer", minimum: 1, maximum: 10 },
    timeout: { type: "number", minimum: 1 },
    onHop: {},
    signal: {},
  },
};

/** How to discover an MTU. */
export interface PathMtuOptions {
  /** Milliseconds to wait for each answer; 1,000 when left out. */
  readonly timeout?: number;
}

/** The JSON Schema of {@linkcode PathMtuOptions}. */
export const PATH_MTU_OPTIONS: OptionsSchema<PathMtuOptions> = {
  type: "object",
  additionalProperties: false,
  properties: { timeout: { type: "number", minimum: 1 } },
};

/** Bytes of the packet that every IPv4 host takes (RFC 791, 3.1), and that every IPv6 link carries (RFC 8200, 5). */
const LEAST = { 4: 576, 6: 1280 };
/** Bytes of a header. */
const HEADERS = { 4: 20, 6: 40 };
/** Bytes between two sizes that are not told apart. */
const GRAIN = 8;

/**
 * Sends echoes to a host, and tells which came back (RFC 1122, 3.2.2.6; RFC 4443, 4).
 *
 * @param net The stack.
 * @param host The host: an address, or a name where the stack has a resolver.
 * @param options How many, and how.
 * @returns What became of them.
 * @throws {NetError} `ENOTFOUND` when there is no such host, `ENETUNREACH` without a route, `ENOPROTOOPT` without ICMP of its
 * family, `EADDRNOTAVAIL` when the address names more than one.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export async function ping(net: EchoStack, host: string, options: PingOptions = {}): Promise<PingReport> {
  checkOptions("ping", PING_OPTIONS, options);
  const { count = 4, size = 56, interval = 1000, timeout = 1000, ttl, onReply, signal } = options;
  const address = await addressOf(net.ip, host);
  const echoes = new Echoes(net, address);
  const { path } = echoes;
  if (ttl !== undefined) path.ttl = ttl;
  const replies: PingReply[] = [];
  const all: Promise<void>[] = [];
  const end = (): void => echoes.end();
  signal?.addEventListener("abort", end);
  try {
    for (let sequence = 1; sequence <= count && !signal?.aborted; sequence++) {
      all.push(
        echoes.echo(size, timeout).then(({ time, from, ttl, fault }) => {
          const reply: PingReply = {
            sequence,
            time,
            from: from === null ? null : path.network.format(from),
            ttl,
            error: fault
              ? new NetError(fault.code, `${address}: ${fault.message}`)
              : time === null
              ? new NetError("ETIMEDOUT", `${address} did not answer within ${timeout} ms`)
              : null,
          };
          replies.push(reply);
          onReply?.(reply);
        }),
      );
      if (sequence < count) await pause(net.core, interval, signal);
    }
    await Promise.all(all);
  } finally {
    signal?.removeEventListener("abort", end);
    end();
  }
  replies.sort((a, b) => a.sequence - b.sequence);
  return { address, sent: all.length, received: replies.filter(({ error }) => !error).length, replies };
}

/**
 * Finds the routers on the way to a host: echoes that may take few hops come back from where they end.
 *
 * @param net The stack.
 * @param host The host: an address, or a name where the stack has a resolver.
 * @param options How far, and how.
 * @returns The hops, the nearest first; the last is the host where it was reached.
 * @throws {NetError} As {@linkcode ping}.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export async function traceroute(net: EchoStack, host: string, options: TracerouteOptions = {}): Promise<Hop[]> {
  checkOptions("traceroute", TRACEROUTE_OPTIONS, options);
  const { maxHops = 30, probes = 3, timeout = 1000, onHop, signal } = options;
  const address = await addressOf(net.ip, host);
  const echoes = new Echoes(net, address);
  const { path } = echoes;
  const hops: Hop[] = [];
  const end = (): void => echoes.end();
  signal?.addEventListener("abort", end);
  try {
    for (let ttl = 1; ttl <= maxHops && !signal?.aborted; ttl++) {
      path.ttl = ttl;
      const outcomes = await Promise.all(Array.from({ length: probes }, () => echoes.echo(32, timeout)));
      if (signal?.aborted) break;
      const reached = outcomes.some(({ time, fault }) => time !== null && !fault);
      const from = outcomes.find((outcome) => outcome.from !== null)?.from ?? null;
      // Time that was exceeded is what is waited for; a router that says more, says it however many hops may be taken.
      const text = from === null ? null : path.network.format(from);
      const fault = outcomes.find(({ fault }) => fault && (fault.hard || !fault.from || text === hops.at(-1)?.from))
        ?.fault;
      const hop: Hop = {
        ttl,
        from: text,
        times: outcomes.map(({ time }) => time),
        reached,
        error: fault ? new NetError(fault.code, `${address}: ${fault.message}`) : null,
      };
      hops.push(hop);
      onHop?.(hop);
      if (reached || fault) break;
    }
  } finally {
    signal?.removeEventListener("abort", end);
    end();
  }
  return hops;
}

/**
 * Finds the MTU of the way to a host, with echoes that no router may fragment: by what routers tell (RFC 1191, RFC 8201), and
 * where they are silent, by what comes back (RFC 4821, RFC 8899). Connections to the host use it from then on.
 *
 * @param net The stack.
 * @param host The host: an address, or a name where the stack has a resolver.
 * @param options How long to wait.
 * @returns Bytes of the largest packet that goes through.
 * @throws {NetError} As {@linkcode ping}; `ETIMEDOUT` when the host does not answer at all, or what a router told.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export async function discoverPathMtu(net: EchoStack, host: string, options: PathMtuOptions = {}): Promise<number> {
  checkOptions("discoverPathMtu", PATH_MTU_OPTIONS, options);
  const { timeout = 1000 } = options;
  const address = await addressOf(net.ip, host);
  const echoes = new Echoes(net, address);
  const { path } = echoes;
  const { family } = path.network;
  const header = HEADERS[family];
  path.dontFragment = true;
  /** Whether a packet of a size comes back; a smaller size where a router tells. */
  const probe = async (mtu: number): Promise<boolean> => {
    // One that is lost is no proof.
    for (let attempt = 0; attempt < 2; attempt++) {
      const { time, fault } = await echoes.echo(Math.max(0, mtu - header - ECHO_HEADER), timeout);
      if (fault && fault.mtu > 0) {
        path.limit(fault.mtu);
        return false;
      }
      if (fault) throw new NetError(fault.code, `Cannot reach ${address}: ${fault.message}`);
      if (time !== null) return true;
    }
    return false;
  };
  try {
    let mtu = path.mms + header;
    for (;;) {
      if (await probe(mtu)) return mtu;
      const told = path.mms + header;
      if (told >= mtu) break;
      mtu = told;
    }
    let good = Math.min(LEAST[family], mtu);
    let bad = mtu;
    if (!await probe(good)) {
      throw new NetError("ETIMEDOUT", `Cannot find the MTU of the way to ${address}: it does not answer`);
    }
    while (bad - good > GRAIN) {
      const middle = good + (bad - good >> 1);
      if (await probe(middle)) good = middle;
      else bad = Math.min(middle, path.mms + header + 1);
    }
    path.limit(good);
    return good;
  } finally {
    echoes.end();
  }
}

/** Waits, or until a signal aborts. */
function pause(core: Core, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      timer.deadline = Infinity;
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = new Timer(end);
    signal?.addEventListener("abort", end);
    core.timers.arm(timer, core.now() + ms);
    core.wake();
  });
}
