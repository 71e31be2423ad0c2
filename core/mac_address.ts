/**
 * MAC addresses (EUI-48): six bytes.
 *
 * @module
 */

/** A MAC address: six bytes, in the order in which they are sent. */
export type MacAddress = Uint8Array<ArrayBuffer> & { readonly __brand: "MacAddress" };

/**
 * Reads a MAC address.
 *
 * @param text The address, such as `"02:00:00:00:00:01"` or with dashes.
 * @returns The address.
 * @throws {SyntaxError} When the text is no MAC address.
 */
export function parseMac(text: string): MacAddress {
  if (!/^[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}$/i.test(text)) {
    throw new SyntaxError(`Cannot parse "${text}" as a MAC address such as "02:00:00:00:00:01"`);
  }
  return Uint8Array.from(text.split(/[:-]/), (part) => parseInt(part, 16)) as MacAddress;
}

/**
 * Writes a MAC address.
 *
 * @param bytes Where it lies.
 * @param at Its first byte.
 * @returns The text, such as `"02:00:00:00:00:01"`.
 */
export function formatMac(bytes: Uint8Array, at: number = 0): string {
  let text = "";
  for (let i = 0; i < 6; i++) text += (i ? ":" : "") + bytes[at + i]!.toString(16).padStart(2, "0");
  return text;
}

/**
 * Orders two addresses by their bytes.
 *
 * @param a One address.
 * @param b The other.
 * @returns Below 0, 0, or above 0.
 */
export function compareMac(a: MacAddress, b: MacAddress): number {
  for (let i = 0; i < 6; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}
