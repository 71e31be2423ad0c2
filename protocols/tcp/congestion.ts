/**
 * Congestion control: how much may be in flight (RFC 5681).
 *
 * @module
 */

/** How much may be in flight; an algorithm of one connection. */
export interface CongestionControl {
  /** The congestion window, in bytes. */
  cwnd: number;
  /** The slow start threshold, in bytes. */
  ssthresh: number;
  /**
   * Hears that new data was acknowledged outside of loss recovery.
   *
   * @param acked Bytes acknowledged.
   * @param flight Bytes that were in flight before.
   * @param mss The sender's maximum segment size, in bytes.
   */
  acknowledged(acked: number, flight: number, mss: number): void;
  /**
   * Hears that a segment was lost while others still arrive: once for each window.
   *
   * @param flight Bytes in flight.
   * @param mss The sender's maximum segment size, in bytes.
   */
  lost(flight: number, mss: number): void;
  /**
   * Hears that the retransmission timer fired for the first time for a segment.
   *
   * @param flight Bytes in flight.
   * @param mss The sender's maximum segment size, in bytes.
   */
  timedOut(flight: number, mss: number): void;
  /**
   * Hears that nothing was sent for a retransmission timeout (RFC 5681, 4.1).
   *
   * @param mss The sender's maximum segment size, in bytes.
   */
  idled(mss: number): void;
}

/** Makes the congestion control of a new connection, for its sender's maximum segment size in bytes. */
export type Congestion = (mss: number) => CongestionControl;

/**
 * The initial window (RFC 6928).
 *
 * @param mss The sender's maximum segment size, in bytes.
 * @returns Bytes that may be in flight at first.
 */
export function initialWindow(mss: number): number {
  return Math.min(10 * mss, Math.max(2 * mss, 14_600));
}

/** Slow start and congestion avoidance of RFC 5681, counting bytes as RFC 3465 does, but without its limit for each ACK. */
export class NewReno implements CongestionControl {
  /** The congestion window, in bytes. */
  cwnd: number;
  /** The slow start threshold, in bytes. */
  ssthresh: number = Infinity;

  /**
   * Starts with the initial window.
   *
   * @param mss The sender's maximum segment size, in bytes.
   */
  constructor(mss: number) {
    this.cwnd = initialWindow(mss);
  }

  /**
   * Grows the window: by what was acknowledged in slow start, by one segment a window in congestion avoidance. Bytes are
   * counted, not acknowledgements, for a receiver that takes in a batch sends one for all of it.
   */
  acknowledged(acked: number, flight: number, mss: number): void {
    // A window that the app does not fill says nothing about the network (RFC 7661).
    if (flight * 2 < this.cwnd) return;
    this.cwnd += this.cwnd < this.ssthresh ? acked : mss * acked / this.cwnd;
  }

  /** Halves the window. */
  lost(flight: number, mss: number): void {
    this.ssthresh = this.cwnd = Math.max(flight / 2, 2 * mss);
  }

  /** Starts anew with one segment. */
  timedOut(flight: number, mss: number): void {
    this.ssthresh = Math.max(flight / 2, 2 * mss);
    this.cwnd = mss;
  }

  /** Falls back to the restart window. */
  idled(mss: number): void {
    this.cwnd = Math.min(this.cwnd, initialWindow(mss));
  }
}

/**
 * NewReno: the congestion control that every TCP must have (RFC 5681, RFC 6582).
 *
 * @param mss The sender's maximum segment size, in bytes.
 * @returns The congestion control of one connection.
 */
export function newReno(mss: number): CongestionControl {
  return new NewReno(mss);
}
