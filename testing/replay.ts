/**
 * Plays the recorded peers of a host against a live stack and app that take its place.
 *
 * @module
 */

import type { ManualClock } from "../core/clock.ts";
import type { Plugin } from "../core/driver.ts";
import { seededRandom } from "../core/random.ts";
import { simulate } from "../core/simulate.ts";
import type { Given, Ground } from "../core/protocol.ts";
import { type Stack, stack } from "../core/stack.ts";
import { replay as replayDriver, type ReplayDriver, type ReplaySource } from "../drivers/replay.ts";
import { http, type HttpProtocol, type ServeApp, type ServeHandler } from "../protocols/http.ts";
import { icmp, type IcmpProtocol } from "../protocols/icmp.ts";
import { icmpv6, type Icmpv6Protocol } from "../protocols/icmpv6.ts";
import { ipv4, type Ipv4Protocol } from "../protocols/ipv4.ts";
import { ipv6, type Ipv6Protocol } from "../protocols/ipv6.ts";
import { tcp, type TcpOptions, type TcpProtocol } from "../protocols/tcp.ts";
import { udp, type UdpProtocol } from "../protocols/udp.ts";
import { AppWatch } from "./app_watch.ts";
import { Tape } from "./record.ts";
import { RecordedClock } from "./recorded_clock.ts";
import { separate } from "./loopback.ts";
import { castOf, loadRecording } from "./recording.ts";
import { ReplayRun } from "./run.ts";

/** How to replay a recording against an app. */
export interface ReplayTestOptions {
  /** The address of the recorded host that is played live; the first one that is called, when left out. */
  readonly as?: string;
  /** The app, or its handler: it serves HTTP on every port on which the recorded host was called. */
  readonly app?: ServeApp | ServeHandler;
  /**
   * Starts an app of another kind on the live stack.
   *
   * @param net The stack.
   */
  readonly start?: (net: ReplayStack) => unknown;
  /** Ports on which `app` serves in place of those on which the recorded host was called. */
  readonly ports?: readonly number[];
  /** Names of the fields in which HTTP responses of `app` may differ; `["date"]` when left out. */
  readonly ignore?: readonly string[];
  /** Options of the live stack's TCP, such as `{ sack: false }`. */
  readonly tcp?: TcpOptions;
  /** What the live stack's randomness comes from; 1 when left out. */
  readonly seed?: number;
  /**
   * `"recorded"` keeps the times between packets, in virtual time that takes none; `"fast"` leaves them out; `"real"` lets them
   * pass on the host's clock. `"recorded"` when left out.
   */
  readonly pace?: "recorded" | "fast" | "real";
  /** Milliseconds for which a recorded packet waits for the live stack; 10,000 when left out. */
  readonly patience?: number;
  /** Milliseconds of real time for which the app may work on an answer while nothing else happens; 2,000 when left out. */
  readonly appTime?: number;
  /** Addresses that stand in the place of recorded ones. */
  readonly rewrite?: Readonly<Record<string, string>>;
  /** Plugins of the live stack. */
  readonly plugins?: readonly Plugin[];
  /** Called now and then with the packets that were fed and all that there are. */
  readonly onProgress?: (fed: number, total: number) => void;
}

/** The live stack: all layers up to HTTP, over IP packets. */
export type ReplayStack = Stack<
  Given<
    Ground<"ip">,
    [Ipv4Protocol, Ipv6Protocol, IcmpProtocol, Icmpv6Protocol, UdpProtocol, TcpProtocol, HttpProtocol]
  >
>;

/** Milliseconds for which the live stack goes on once everything was fed, to say its last words. */
const TAIL = 5000;

function compose(
  driver: ReplayDriver<"ip">,
  as: string,
  options: ReplayTestOptions,
  tape: Tape,
  clock?: ManualClock,
): ReplayStack {
  const four = as.includes(".") ? as : "192.0.2.1";
  const six = as.includes(":") ? as : "2001:db8::1";
  const last = Number(four.slice(four.lastIndexOf(".") + 1));
  return stack({
    driver,
    ...(clock && { clock }),
    random: seededRandom(options.seed ?? 1),
    plugins: [...options.plugins ?? [], tape.plugin],
    protocols: [
      // Whoever the peers are, there is a way to them.
      ipv4({ address: `${four}/24`, gateway: `${four.slice(0, four.lastIndexOf("."))}.${last === 1 ? 2 : 1}` }),
      ipv6({ address: `${six}/128`, gateway: "fe80::1" }),
      icmp(),
      icmpv6(),
      udp(),
      tcp(options.tcp),
      http(),
    ],
  });
}

/**
 * Plays the recorded peers of a host against a live stack that takes its place: sequence numbers, timestamps, ports, windows and
 * ids are mapped onto what the live stack really sends, and each packet waits where the recorded one did.
 *
 * ```ts ignore
 * import { test } from "node:test";
 * import { replay } from "@bonsai/net/testing";
 * import app from "./app.ts";
 *
 * test("what the bug report shows works", async () => {
 *   const run = await replay("bug.pcap", { as: "10.0.0.5", app });
 *   run.expectIdentical();
 * });
 * ```
 *
 * @param file The recording: the path or the bytes of a pcap or pcapng file, gzip'd too, or packets.
 * @param options Whom to play, and the app.
 * @returns What came of it.
 * @throws {TypeError} When an option is unknown, or the recording has no such host.
 */
export async function replay(
  file: string | URL | Uint8Array | ReplaySource,
  options: ReplayTestOptions = {},
): Promise<ReplayRun> {
  const { recording, servers } = separate(loadRecording(file));
  const { rewrite = {} } = options;
  const cast = castOf(recording, options.as === undefined ? undefined : servers.get(options.as) ?? options.as);
  const clock = options.pace === "real" ? undefined : new RecordedClock(recording);
  const driver = replayDriver("ip", recording, {
    from: cast.peers,
    mode: "converse",
    pace: options.pace === "fast" ? "fast" : "recorded",
    patience: options.patience ?? 10_000,
    rewrite,
    ...(clock && { clock }),
  });
  const tape = new Tape();
  const net = compose(driver, rewrite[cast.as] ?? cast.as, options, tape, clock);
  const watch = new AppWatch(driver, options.appTime ?? 2000);
  try {
    if (options.app) {
      const app = watch.wrap(options.app);
      for (const port of options.ports ?? cast.ports) net.http.serve(app, { port });
    }
    await options.start?.(net);
    const total = recording.packets.length;
    const done = (): boolean => {
      options.onProgress?.(driver.counters.fed, total);
      return driver.done;
    };
    if (clock) {
      const settle = (): Promise<void> => watch.settle();
      await simulate(clock, [net], { until: done, settle });
      await simulate(clock, [net], { limit: TAIL, settle });
    } else await inRealTime(driver, done);
    return new ReplayRun(driver, tape, recording.fault, options.app ? options.ignore ?? ["date"] : null);
  } finally {
    net.close();
  }
}

/** Waits on the host's clock until all was fed and the stack is quiet. */
async function inRealTime(driver: ReplayDriver<"ip">, done: () => boolean): Promise<void> {
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  while (!done()) await sleep(5);
  for (let quiet = 0, sent = -1; quiet < 20; quiet++) {
    if (driver.counters.sent !== sent) quiet = 0;
    sent = driver.counters.sent;
    await sleep(10);
  }
}
