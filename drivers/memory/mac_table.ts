/**
 * Where a switch saw which MAC address: a bounded table without an object per entry.
 *
 * @module
 */

/** Places that are looked at for one address; the oldest of them gives way when all are taken. */
const WAYS = 8;

/** MAC addresses and the ports behind which they were last seen. */
export class MacTable {
  readonly #high: Uint16Array<ArrayBuffer>;
  readonly #low: Int32Array<ArrayBuffer>;
  /** Port + 1; 0 in a free place. */
  readonly #port: Uint16Array<ArrayBuffer>;
  readonly #seen: Float64Array<ArrayBuffer>;
  readonly #mask: number;
  readonly #ageing: number;

  /**
   * Makes an empty table.
   *
   * @param capacity Addresses that it holds at most; rounded up to a power of 2, 8 at least.
   * @param ageing Milliseconds after which an address that was not seen again is forgotten.
   */
  constructor(capacity: number, ageing: number) {
    const size = Math.max(WAYS, 2 ** Math.ceil(Math.log2(capacity)));
    this.#mask = size - 1;
    this.#ageing = ageing;
    this.#high = new Uint16Array(size);
    this.#low = new Int32Array(size);
    this.#port = new Uint16Array(size);
    this.#seen = new Float64Array(size);
  }

  #home(high: number, low: number): number {
    const mixed = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
    // Whole groups of ways, so that an address is looked for where it may have been put, and nowhere else.
    return (mixed ^ mixed >>> 15) & this.#mask & ~(WAYS - 1);
  }

  /**
   * Finds the port behind which an address is.
   *
   * @param high Its first two bytes, 0 to 65,535.
   * @param low Its last four bytes, as an int32.
   * @param now The time, in milliseconds.
   * @returns The port; -1 when it is not known, or not any more.
   */
  find(high: number, low: number, now: number): number {
    const home = this.#home(high, low);
    for (let at = home; at < home + WAYS; at++) {
      if (this.#low[at] === low && this.#high[at] === high && this.#port[at]! > 0) {
        return now - this.#seen[at]! <= this.#ageing ? this.#port[at]! - 1 : -1;
      }
    }
    return -1;
  }

  /**
   * Keeps the port behind which an address was seen.
   *
   * @param high Its first two bytes.
   * @param low Its last four bytes, as an int32.
   * @param port The port, 0 to 65,534.
   * @param now The time, in milliseconds.
   */
  learn(high: number, low: number, port: number, now: number): void {
    const home = this.#home(high, low);
    let oldest = home;
    for (let at = home; at < home + WAYS; at++) {
      if (this.#low[at] === low && this.#high[at] === high && this.#port[at]! > 0) {
        oldest = at;
        break;
      }
      if (this.#port[oldest]! > 0 && (this.#port[at] === 0 || this.#seen[at]! < this.#seen[oldest]!)) oldest = at;
    }
    this.#high[oldest] = high;
    this.#low[oldest] = low;
    this.#port[oldest] = port + 1;
    this.#seen[oldest] = now;
  }

  /**
   * Forgets what was seen behind a port.
   *
   * @param port The port.
   */
  forget(port: number): void {
    for (let at = 0; at < this.#port.length; at++) if (this.#port[at] === port + 1) this.#port[at] = 0;
  }
}
