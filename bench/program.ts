/**
 * The part of a scenario that runs in a process of its own: `deno run -A bench/SCENARIO.ts CONTENDER SECONDS`.
 *
 * @module
 */

import process from "node:process";
import type { Sample } from "./scenario.ts";

/** Milliseconds that are not measured at first: compilers get to know the code. */
const WARM_UP = 700;

/** A port of the host for this process: nobody else is likely to have it. */
export const HOST_PORT: number = 20_000 + process.pid % 10_000;

/** Counts what is done in this process. */
export class Meter {
  /** What was done so far. */
  units: number = 0;

  /** Measures for some seconds, after a warm-up. */
  async measure(seconds: number): Promise<Sample> {
    await sleep(WARM_UP);
    const units = this.units;
    const began = performance.now();
    const cpu = process.cpuUsage();
    await sleep(seconds * 1000);
    const { user, system } = process.cpuUsage(cpu);
    return {
      units: this.units - units,
      seconds: (performance.now() - began) / 1000,
      user: user / 1e6,
      system: system / 1e6,
    };
  }
}

/** Waits by the host's clock. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Runs the contender that the command line names, and prints its sample; the process ends then, whatever is still open.
 *
 * @param programs The contenders by name.
 */
export async function runProgram(programs: Record<string, (seconds: number) => Promise<Sample>>): Promise<never> {
  const [name = "", seconds = "2"] = process.argv.slice(2);
  const program = programs[name];
  if (!program) {
    console.error(`There is no contender "${name}": ${Object.keys(programs).join(", ")}`);
    process.exit(2);
  }
  const sample = await program(Number(seconds));
  if (!(sample.units > 0)) throw new Error(`${name} did nothing in ${seconds} s`);
  console.log(JSON.stringify(sample));
  process.exit(0);
}
