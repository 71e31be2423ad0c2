/**
 * Options of pcapng blocks: code, length and value, padded to four bytes.
 *
 * @module
 */

/** A walk over options; what is malformed ends it. */
export class OptionWalk {
  /** The code. */
  code: number = 0;
  /** Where the value begins. */
  at: number;
  /** Bytes of the value. */
  length: number = 0;
  readonly #view: DataView;
  readonly #end: number;
  readonly #little: boolean;
  #next: number;

  /**
   * Begins.
   *
   * @param view Where the options lie.
   * @param at Their first byte.
   * @param end One past the last.
   * @param little Whether the low byte of a number comes first.
   */
  constructor(view: DataView, at: number, end: number, little: boolean) {
    this.#view = view;
    this.#next = this.at = at;
    this.#end = end;
    this.#little = little;
  }

  /** Goes to the next option; false when there is none. */
  next(): boolean {
    const at = this.#next;
    if (at + 4 > this.#end) return false;
    this.code = this.#view.getUint16(at, this.#little);
    this.length = this.#view.getUint16(at + 2, this.#little);
    this.at = at + 4;
    this.#next = this.at + (this.length + 3 & ~3);
    return this.code !== 0 && this.at + this.length <= this.#end;
  }
}

/**
 * Tells whether options end where their block does.
 *
 * @param view Where they lie.
 * @param at Their first byte.
 * @param end One past the last.
 * @param little Whether the low byte of a number comes first.
 * @returns -1 when all is well, or where the first lies that does not fit.
 */
export function findBadOption(view: DataView, at: number, end: number, little: boolean): number {
  while (at + 4 <= end) {
    const next = at + 4 + (view.getUint16(at + 2, little) + 3 & ~3);
    if (next > end) return at;
    if (view.getUint16(at, little) === 0) break;
    at = next;
  }
  return -1;
}

/**
 * Finds an option.
 *
 * @param view Where the options lie.
 * @param at Their first byte.
 * @param end One past the last.
 * @param little Whether the low byte of a number comes first.
 * @param code The option's code.
 * @param least Bytes of its value at least.
 * @returns Where the value begins; -1 when there is none.
 */
export function findOption(
  view: DataView,
  at: number,
  end: number,
  little: boolean,
  code: number,
  least: number,
): number {
  const walk = new OptionWalk(view, at, end, little);
  while (walk.next()) if (walk.code === code && walk.length >= least) return walk.at;
  return -1;
}
