/**
 * The time of a recording.
 *
 * @module
 */

import { ManualClock } from "../core/clock.ts";
import type { ReplaySource } from "../drivers/replay.ts";

/** Virtual time that begins when the recording did: what the app says of the date is what the recorded host said. */
export class RecordedClock extends ManualClock {
  /** Milliseconds since 1970 at which the clock showed 0. */
  readonly origin: number;

  /**
   * Makes a clock.
   *
   * @param recording What is played by it.
   */
  constructor({ packets: [first] }: ReplaySource) {
    super();
    this.origin = first ? first.seconds * 1000 + first.nanoseconds / 1e6 : 0;
  }
}
