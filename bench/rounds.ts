/**
 * Rounds: every contender of a scenario in turn, again and again, so that what disturbs the machine disturbs all.
 *
 * @module
 */

import type { Arena, Sample } from "./scenario.ts";

/** What all rounds of one contender amount to. */
export interface Result {
  /** Its name. */
  readonly name: string;
  /** Whom of ours it is set against; undefined for ours. */
  readonly against?: string;
  /** Units per second: median, least and most of the rounds. */
  readonly rate: readonly [median: number, least: number, most: number];
  /** Seconds of processor time per unit, in the program and in the kernel: medians. */
  readonly user: number;
  /** The same in the kernel. */
  readonly system: number;
  /** Latency that 99 of 100 units kept, in milliseconds: median of the rounds that measured it. */
  readonly p99?: number;
  /** Our rate divided by this one's, round by round: median. */
  readonly ratio?: number;
  /** Our processor time per unit divided by this one's, round by round: median. */
  readonly costRatio?: number;
}

/** How long to measure. */
export interface Effort {
  /** Rounds. */
  readonly rounds: number;
  /** Seconds of each contender's round. */
  readonly seconds: number;
}

/**
 * Measures a scenario.
 *
 * @param arena The scenario, set up.
 * @param effort How long.
 * @param tell Hears of each round.
 */
export async function measure(arena: Arena, effort: Effort, tell: (line: string) => void): Promise<Result[]> {
  const samples = new Map<string, Sample[]>();
  for (const { name } of arena.contenders) samples.set(name, []);
  for (let round = 0; round < effort.rounds; round++) {
    for (const { name, measure } of arena.contenders) {
      tell(`round ${round + 1} of ${effort.rounds}: ${name}`);
      samples.get(name)!.push(await measure(effort.seconds));
    }
  }
  return arena.contenders.map(({ name, against }) => {
    const own = samples.get(name)!;
    const ours = against === undefined ? undefined : samples.get(against);
    const rates = own.map(rate);
    const p99 = own.flatMap((sample) => sample.p99 ?? []);
    return {
      name,
      ...(against === undefined ? {} : { against }),
      rate: [median(rates), Math.min(...rates), Math.max(...rates)],
      user: median(own.map(({ user, units }) => user / units)),
      system: median(own.map(({ system, units }) => system / units)),
      ...(p99.length > 0 ? { p99: median(p99) } : {}),
      ...(ours
        ? {
          ratio: median(own.map((sample, i) => rate(ours[i]!) / rate(sample))),
          costRatio: median(own.map((sample, i) => cost(ours[i]!) / cost(sample))),
        }
        : {}),
    };
  });
}

function rate({ units, seconds }: Sample): number {
  return units / seconds;
}

function cost({ units, user, system }: Sample): number {
  return (user + system) / units;
}

/** The middle one of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
