/**
 * Comparisons of a display filter: of numbers, and of addresses with their prefixes.
 *
 * @module
 */

import { tryParseIpv4 } from "../ipv4_address.ts";
import { tryParseIpv6 } from "../ipv6_address.ts";
import { setI32 } from "../packet.ts";

/** How two values are compared. */
export type FilterOperator = "==" | "!=" | "<" | "<=" | ">" | ">=";

/**
 * Compiles a comparison.
 *
 * @param operator How to compare.
 * @param text What to compare with: a number, `true`, `false`, an address with or without a prefix, or a MAC address.
 * @returns Tells whether a value fits; null when the text is none of these.
 */
export function compileComparison(
  operator: FilterOperator,
  text: string,
): ((value: number | Uint8Array) => boolean) | null {
  const number = text === "true" ? 1 : text === "false" ? 0 : /^(\d+|0x[\da-f]+)$/i.test(text) ? Number(text) : NaN;
  if (!Number.isNaN(number)) {
    return (value) => typeof value === "number" && holds(operator, value - number);
  }
  const [plain = "", prefix] = text.split("/");
  const address = addressBytes(plain);
  if (!address) return null;
  const bits = prefix === undefined ? address.length * 8 : /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN;
  if (!(bits <= address.length * 8)) return null;
  return (value) => {
    if (typeof value === "number" || value.length !== address.length) return operator === "!=";
    return holds(operator, compareBits(value, address, bits));
  };
}

function holds(operator: FilterOperator, difference: number): boolean {
  switch (operator) {
    case "==":
      return difference === 0;
    case "!=":
      return difference !== 0;
    case "<":
      return difference < 0;
    case "<=":
      return difference <= 0;
    case ">":
      return difference > 0;
    default:
      return difference >= 0;
  }
}

/** Compares the first bits of two addresses. */
function compareBits(a: Uint8Array, b: Uint8Array, bits: number): number {
  for (let i = 0; bits > 0; i++, bits -= 8) {
    const shift = Math.max(0, 8 - bits);
    const difference = (a[i]! >> shift) - (b[i]! >> shift);
    if (difference !== 0) return difference;
  }
  return 0;
}

function addressBytes(text: string): Uint8Array | null {
  const ipv4 = tryParseIpv4(text);
  if (ipv4 !== null) {
    const bytes = new Uint8Array(4);
    setI32(bytes, 0, ipv4);
    return bytes;
  }
  if (/^[\da-f]{2}([:-][\da-f]{2}){5}$/i.test(text)) {
    return Uint8Array.from(text.split(/[:-]/), (part) => parseInt(part, 16));
  }
  const ipv6 = tryParseIpv6(text);
  if (!ipv6) return null;
  const bytes = new Uint8Array(16);
  ipv6.write(bytes, 0);
  return bytes;
}
