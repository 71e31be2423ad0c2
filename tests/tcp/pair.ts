// Two stacks at the ends of a wire in memory, in virtual time.

import {
  type Driver,
  ManualClock,
  type Plugin,
  seededRandom,
  simulate,
  type SimulateOptions,
  stack,
} from "@bonsai/net";
import { memory } from "@bonsai/net/drivers/memory";
import { arp } from "@bonsai/net/protocols/arp";
import { ethernet } from "@bonsai/net/protocols/ethernet";
import { icmp } from "@bonsai/net/protocols/icmp";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { tcp, type TcpOptions } from "@bonsai/net/protocols/tcp";

export interface PairOptions {
  readonly seed?: number;
  readonly left?: TcpOptions;
  readonly right?: TcpOptions;
  readonly leftPlugins?: readonly Plugin[];
  readonly rightPlugins?: readonly Plugin[];
}

export function host(
  driver: Driver<"ethernet">,
  address: string,
  clock: ManualClock,
  seed: number,
  options: TcpOptions = {},
  plugins: readonly Plugin[] = [],
) {
  return stack({
    driver,
    clock,
    random: seededRandom(seed),
    plugins,
    protocols: [ethernet(), arp(), ipv4({ address }), icmp(), tcp(options)],
  });
}

export type Host = ReturnType<typeof host>;

export interface Pair {
  readonly clock: ManualClock;
  readonly left: Host;
  readonly right: Host;
  run<T>(options?: SimulateOptions<T>): Promise<T>;
  close(): void;
}

export function pair(options: PairOptions = {}): Pair {
  const clock = new ManualClock(1000);
  const [a, b] = memory("ethernet");
  const seed = options.seed ?? 1;
  const left = host(a, "10.0.0.1/24", clock, seed, options.left, options.leftPlugins);
  const right = host(b, "10.0.0.2/24", clock, seed + 1000, options.right, options.rightPlugins);
  return {
    clock,
    left,
    right,
    run: (how) => simulate(clock, [left, right], how),
    close() {
      left.close();
      right.close();
    },
  };
}

/** Bytes that tell where in the stream they stand. */
export function pattern(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  const random = seededRandom(seed);
  for (let i = 0; i < length; i += 4) {
    const word = random();
    bytes[i] = word;
    bytes[i + 1] = word >> 8;
    bytes[i + 2] = word >> 16;
    bytes[i + 3] = word >> 24;
  }
  return bytes;
}
