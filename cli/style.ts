/**
 * Colours, for terminals alone.
 *
 * @module
 */

import process from "node:process";

/** Writes text in a colour, or as it is. */
export interface Style {
  /** Important. */
  bold(text: string): string;
  /** Unimportant. */
  dim(text: string): string;
  /** Good. */
  green(text: string): string;
  /** Wrong. */
  red(text: string): string;
  /** Doubtful. */
  yellow(text: string): string;
}

/**
 * Tells whether a stream shows colours: it is a terminal, and nobody asked for none (https://no-color.org).
 *
 * @param stream Where text goes; standard output when left out.
 */
export function hasColour(stream: { readonly isTTY?: boolean } = process.stdout): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  return FORCE_COLOR ? FORCE_COLOR !== "0" : stream.isTTY === true && TERM !== "dumb";
}

/**
 * Makes a style.
 *
 * @param coloured Whether it writes colours.
 */
export function style(coloured: boolean = hasColour()): Style {
  const paint = (on: number, off: number) => (text: string): string =>
    coloured ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return { bold: paint(1, 22), dim: paint(2, 22), green: paint(32, 39), red: paint(31, 39), yellow: paint(33, 39) };
}
