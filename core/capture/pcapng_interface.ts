/**
 * An interface of a pcapng file: what its packets begin with, and how it counts time.
 *
 * @module
 */

import type { CaptureReader } from "./capture_reader.ts";
import { findOption, OptionWalk } from "./pcapng_options.ts";

const NAME = 2;
const RESOLUTION = 9;
const CHECK_SEQUENCE = 13;
const OFFSET = 14;
/** Of a statistics block: packets that came, and packets that were dropped. */
const SEEN = 4;
const DROPPED = 5;

/** An interface. */
export class PcapngInterfaceReader {
  /** What its packets begin with, a number of <https://www.tcpdump.org/linktypes.html>. */
  readonly linkType: number;
  /** Bytes kept of each packet at most; 0 without a limit. */
  readonly snaplen: number;
  /** Bytes of a frame check sequence at the end of its packets. */
  readonly checkSequence: number = 0;
  /** Its name; empty when the file does not tell. */
  readonly name: string = "";
  /** Packets that came by, where a statistics block tells; -1 otherwise. */
  seen: number = -1;
  /** Packets that were dropped and are not in the file; -1 where the file does not tell. */
  dropped: number = -1;
  /** Units of time in a second. */
  readonly #units: bigint = 1_000_000n;
  /** The same where calculating with doubles is exact, and the nanoseconds of a unit; 0 otherwise. */
  readonly #small: number = 1_000_000;
  readonly #unit: number = 1000;
  /** Seconds to add. */
  readonly #offset: number = 0;

  /**
   * Reads an interface description block.
   *
   * @param view Where it lies.
   * @param at Its link type.
   * @param end One past its last option.
   * @param little Whether the low byte of a number comes first.
   */
  constructor(view: DataView, at: number, end: number, little: boolean) {
    this.linkType = view.getUint16(at, little);
    this.snaplen = view.getUint32(at + 4, little);
    const walk = new OptionWalk(view, at + 8, end, little);
    while (walk.next()) {
      if (walk.code === NAME) {
        this.name = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + walk.at, walk.length));
      } else if (walk.code === RESOLUTION && walk.length >= 1) {
        const resolution = view.getUint8(walk.at);
        this.#units = resolution & 0x80 ? 1n << BigInt(resolution & 0x7f) : 10n ** BigInt(resolution);
        const decimal = (resolution & 0x80) === 0 && resolution <= 9;
        this.#small = decimal ? 10 ** resolution : 0;
        this.#unit = decimal ? 10 ** (9 - resolution) : 0;
      } else if (walk.code === CHECK_SEQUENCE && walk.length >= 1) {
        this.checkSequence = view.getUint8(walk.at);
      } else if (walk.code === OFFSET && walk.length >= 8) {
        this.#offset = Number(view.getBigInt64(walk.at, little));
      }
    }
  }

  /**
   * Sets the time of a packet.
   *
   * @param reader Takes it.
   * @param high The upper 32 bits of the time.
   * @param low The lower ones.
   */
  setTime(reader: CaptureReader, high: number, low: number): void {
    const units = this.#small;
    if (units > 0) {
      // A division of 64 bits by less than 2^30, in steps of which none leaves the integers of a double.
      const first = Math.floor(high / units);
      const middle = (high - first * units) * 65_536 + (low >>> 16);
      const second = Math.floor(middle / units);
      const rest = (middle - second * units) * 65_536 + (low & 0xffff);
      const third = Math.floor(rest / units);
      reader.seconds = (first * 65_536 + second) * 65_536 + third + this.#offset;
      reader.nanoseconds = (rest - third * units) * this.#unit;
      return;
    }
    const time = BigInt(high) << 32n | BigInt(low);
    reader.seconds = Number(time / this.#units) + this.#offset;
    reader.nanoseconds = Number(time % this.#units * 1_000_000_000n / this.#units);
  }

  /**
   * Reads the options of a statistics block.
   *
   * @param view Where they lie.
   * @param at Their first byte.
   * @param end One past the last.
   * @param little Whether the low byte of a number comes first.
   */
  readStatistics(view: DataView, at: number, end: number, little: boolean): void {
    const seen = findOption(view, at, end, little, SEEN, 8);
    if (seen >= 0) this.seen = Number(view.getBigUint64(seen, little));
    const dropped = findOption(view, at, end, little, DROPPED, 8);
    if (dropped >= 0) this.dropped = Number(view.getBigUint64(dropped, little));
  }
}
