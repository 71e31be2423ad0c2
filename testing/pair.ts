/**
 * Two stacks at the ends of a wire in memory, in virtual time.
 *
 * @module
 */

import { ManualClock } from "../core/clock.ts";
import type { Driver, Plugin } from "../core/driver.ts";
import type { Given, Ground } from "../core/protocol.ts";
import { seededRandom } from "../core/random.ts";
import { simulate, type SimulateOptions } from "../core/simulate.ts";
import { type Stack, stack } from "../core/stack.ts";
import { memory } from "../drivers/memory.ts";
import { arp, type ArpProtocol } from "../protocols/arp.ts";
import { ethernet, type EthernetProtocol } from "../protocols/ethernet.ts";
import { http, type HttpProtocol } from "../protocols/http.ts";
import { icmp, type IcmpProtocol } from "../protocols/icmp.ts";
import { ipv4, type Ipv4Protocol } from "../protocols/ipv4.ts";
import { tcp, type TcpOptions, type TcpProtocol } from "../protocols/tcp.ts";
import { udp, type UdpProtocol } from "../protocols/udp.ts";

/** How to make a pair. */
export interface PairOptions {
  /** What all randomness comes from; 1 when left out. */
  readonly seed?: number;
  /** TCP on the left. */
  readonly left?: TcpOptions;
  /** TCP on the right. */
  readonly right?: TcpOptions;
  /** Plugins of the left stack, such as `impair({ loss: 0.1 })`. */
  readonly leftPlugins?: readonly Plugin[];
  /** Plugins of the right stack. */
  readonly rightPlugins?: readonly Plugin[];
}

/** A stack of a {@linkcode Pair}. */
export type PairStack = Stack<
  Given<
    Ground<"ethernet">,
    [EthernetProtocol, ArpProtocol, Ipv4Protocol, IcmpProtocol, UdpProtocol, TcpProtocol, HttpProtocol]
  >
>;

function host(
  driver: Driver<"ethernet">,
  address: string,
  clock: ManualClock,
  seed: number,
  options: TcpOptions = {},
  plugins: readonly Plugin[] = [],
): PairStack {
  return stack({
    driver,
    clock,
    plugins,
    random: seededRandom(seed),
    protocols: [ethernet(), arp(), ipv4({ address }), icmp(), udp(), tcp(options), http()],
  });
}

/** Two stacks, 10.0.0.1 and 10.0.0.2, and their time; made by {@linkcode pair}. */
export interface Pair {
  /** Their clock. */
  readonly clock: ManualClock;
  /** 10.0.0.1. */
  readonly left: PairStack;
  /** 10.0.0.2. */
  readonly right: PairStack;
  /**
   * Runs both.
   *
   * @param until What to wait for: a promise, or a condition; until nothing is left to do when left out.
   * @param options More of it, such as a limit.
   * @returns What the promise gave.
   */
  run<T = void>(until?: PromiseLike<T> | (() => boolean), options?: SimulateOptions<T>): Promise<T>;
  /** Closes both. */
  close(): void;
  /** Closes both. */
  [Symbol.dispose](): void;
}

/**
 * Makes two stacks with TCP, UDP, ping and HTTP at the ends of a wire. The same seed gives the same packets at the same times.
 *
 * ```ts
 * import { pair } from "@bonsai/net/testing";
 *
 * const { left, right, run, close } = pair({ seed: 7 });
 * right.http.serve(() => new Response("hello"), { port: 80 });
 * const response = await run(left.http.fetch("http://10.0.0.2/"));
 * await run(response.text());
 * close();
 * ```
 *
 * @param options Seed, options and plugins.
 * @returns The stacks, and what runs them.
 */
export function pair(options: PairOptions = {}): Pair {
  const clock = new ManualClock(1000);
  const [a, b] = memory("ethernet");
  const { seed = 1 } = options;
  const left = host(a, "10.0.0.1/24", clock, seed, options.left, options.leftPlugins);
  const right = host(b, "10.0.0.2/24", clock, seed + 0x1000, options.right, options.rightPlugins);
  const close = (): void => {
    left.close();
    right.close();
  };
  return {
    clock,
    left,
    right,
    run: (until, how = {}) => simulate(clock, [left, right], until ? { ...how, until } : how),
    close,
    [Symbol.dispose]: close,
  };
}
