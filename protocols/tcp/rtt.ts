/**
 * The retransmission timeout (RFC 6298).
 *
 * @module
 */

/** The timeout before anything was measured, in milliseconds (2.1). */
const INITIAL = 1000;
/** The timeout for data after a SYN timed out, in milliseconds (5.7). */
const AFTER_SYN_TIMEOUT = 3000;
/** The clock's granularity G, in milliseconds. */
const GRANULARITY = 1;
/** The longest timeout, in milliseconds (2.5 asks for 60 seconds at least). */
const MAXIMUM = 60_000;

/** Estimates the round-trip time and the timeout. */
export class RttEstimator {
  /** The smoothed round-trip time SRTT, in milliseconds; 0 before the first measurement. */
  srtt: number = 0;
  /** The round-trip time's variation RTTVAR, in milliseconds. */
  rttvar: number = 0;
  /** The timeout as it was measured, without back-off, in milliseconds. */
  #measured: number;
  /** The retransmission timeout RTO, back-off included, in milliseconds. */
  rto: number;
  readonly #minimum: number;

  /**
   * Starts without a measurement.
   *
   * @param minimum The shortest timeout, in milliseconds.
   */
  constructor(minimum: number) {
    this.#minimum = minimum;
    this.#measured = this.rto = Math.max(INITIAL, minimum);
  }

  /** Whether the timeout was doubled since the last measurement. */
  get backedOff(): boolean {
    return this.rto > this.#measured;
  }

  /**
   * Takes a measurement (2.2, 2.3); it ends the back-off.
   *
   * @param rtt The round-trip time R', in milliseconds, of a segment that was not retransmitted (Karn's algorithm).
   */
  measure(rtt: number): void {
    if (this.srtt === 0) {
      this.srtt = Math.max(rtt, 0.001);
      this.rttvar = rtt / 2;
    } else {
      this.rttvar += (Math.abs(this.srtt - rtt) - this.rttvar) / 4;
      this.srtt += (rtt - this.srtt) / 8;
    }
    const rto = this.srtt + Math.max(GRANULARITY, 4 * this.rttvar);
    this.#measured = this.rto = Math.min(Math.max(rto, this.#minimum), MAXIMUM);
  }

  /** Ends the back-off. */
  settle(): void {
    this.rto = this.#measured;
  }

  /**
   * Whether a time is too long to be believed of a segment that may have been sent again.
   *
   * @param rtt The time, in milliseconds.
   * @returns Whether it is longer than two timeouts without back-off.
   */
  doubts(rtt: number): boolean {
    return rtt > 2 * this.#measured;
  }

  /** Doubles the timeout after it has passed (5.5). */
  backOff(): void {
    this.rto = Math.min(this.rto * 2, MAXIMUM);
  }

  /** Sets the timeout for data after the handshake's own timer fired (5.7). */
  afterSynTimeout(): void {
    this.#measured = this.rto = Math.max(AFTER_SYN_TIMEOUT, this.#minimum);
  }
}
