/**
 * The Date field (RFC 9110, 6.6.1).
 *
 * @module
 */

import type { Clock } from "../../core/clock.ts";

/** Tells the date, and makes its text once a second. */
export class DateText {
  readonly #origin: number | undefined;
  #second: number = -1;
  #text: string = "";

  /**
   * Makes the text of a clock.
   *
   * @param clock The clock; one without an origin does not know the date.
   */
  constructor(clock: Clock) {
    this.#origin = clock.origin;
  }

  /**
   * The date as IMF-fixdate, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
   *
   * @param now The clock's time, in milliseconds.
   * @returns The text; empty when the clock does not know the date, for then none is sent.
   */
  at(now: number): string {
    if (this.#origin === undefined) return "";
    const second = Math.floor((this.#origin + now) / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = new Date(second * 1000).toUTCString();
    }
    return this.#text;
  }
}
