/**
 * What a benchmark is made of: scenarios, the contenders in them, and what one round of one contender measured.
 *
 * @module
 */

/** What one round measured. */
export interface Sample {
  /** What was done: bytes, datagrams, requests. */
  readonly units: number;
  /** Seconds that it took. */
  readonly seconds: number;
  /** Seconds of processor time spent in the program, in all threads of the process. */
  readonly user: number;
  /** Seconds of processor time spent in the kernel for it. */
  readonly system: number;
  /** Latency that 99 of 100 units kept, in milliseconds, where it was measured. */
  readonly p99?: number;
}

/** One of those that a scenario measures. */
export interface Contender {
  /** Its name in the table. */
  readonly name: string;
  /** The name of our contender that it is set against; undefined for ours. */
  readonly against?: string;
  /**
   * Does one round.
   *
   * @param seconds How long to measure, after a warm-up.
   */
  measure(seconds: number): Promise<Sample>;
}

/** Who takes part in a scenario on this machine. */
export interface Arena {
  /** Who takes part. */
  readonly contenders: readonly Contender[];
  /** Who does not, and why: a sentence each. */
  readonly absent: readonly string[];
  /** Takes down what was set up. */
  close?(): void;
}

/** What is measured, and how it is told. */
export interface Scenario {
  /** Its name for `--only`. */
  readonly name: string;
  /** What it measures. */
  readonly title: string;
  /** How one round runs: MTU, load, what is verified. */
  readonly conditions: readonly string[];
  /** The rate's unit in the table, and how many units of a {@linkcode Sample} make one of it. */
  readonly rate: readonly [name: string, units: number];
  /** The cost's unit in the table, and how many of it a second of processor time per unit is. */
  readonly cost: readonly [name: string, perSecond: number];
  /** Finds out who can take part on this machine. */
  open(): Arena;
}

/** A scenario without rounds, such as sizes. */
export interface Inventory {
  /** Its name for `--only`. */
  readonly name: string;
  /** What it lists. */
  readonly title: string;
  /** Makes the rows of its table, the head first. */
  list(): Promise<string[][]>;
}
