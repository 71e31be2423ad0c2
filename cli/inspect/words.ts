/**
 * Words of lines, as bytes that are ready to be written.
 *
 * @module
 */

/**
 * Makes bytes of a text.
 *
 * @param text The text.
 */
export function words(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
