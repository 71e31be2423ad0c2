/**
 * What each octet may be in a message head (RFC 9110, 5.6; RFC 3986).
 *
 * @module
 */

/** An octet of a token: a method or a field name. */
export const TOKEN = 1;
/** An octet of a field value: visible ones, obs-text, SP and HTAB. */
export const VALUE = 2;
/** An octet of a request target: visible ASCII but "#", for a fragment is never sent. */
export const TARGET = 4;

/** Horizontal tab. */
export const HTAB = 9;
/** Line feed. */
export const LF = 10;
/** Carriage return. */
export const CR = 13;
/** Space. */
export const SP = 32;
/** A colon. */
export const COLON = 58;

/** The classes of every octet. */
export const OCTETS: Uint8Array = /* @__PURE__ */ classes();

function classes(): Uint8Array {
  const table = new Uint8Array(256);
  for (let octet = 0; octet < 256; octet++) {
    const text = String.fromCharCode(octet);
    if (/[!#$%&'*+.^_`|~\w-]/.test(text) && octet < 128) table[octet]! |= TOKEN;
    if (octet === HTAB || octet >= SP && octet !== 127) table[octet]! |= VALUE;
    if (octet > SP && octet < 127 && text !== "#") table[octet]! |= TARGET;
  }
  return table;
}

/** Reads text. */
export const UTF8: TextDecoder = /* @__PURE__ */ new TextDecoder();

/**
 * Reads octets as text, each as the character of the same number (ISO 8859-1).
 *
 * @param bytes The octets.
 * @param ascii Whether none is above 127, which is faster.
 */
export function decodeOctets(bytes: Uint8Array, ascii: boolean): string {
  if (ascii) return UTF8.decode(bytes);
  let text = "";
  for (const octet of bytes) text += String.fromCharCode(octet);
  return text;
}

/**
 * Writes text as octets, each character as the octet of the same number (ISO 8859-1).
 *
 * @param text The text.
 */
export function encodeOctets(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
