/**
 * DHCP messages (RFC 2131, 2), read and written where they lie, and their options (RFC 2132, RFC 3396).
 *
 * @module
 */

import { getI32, setI32 } from "../../core/packet.ts";
import { CHADDR, COOKIE, FILE, MAGIC, OPTION_END, OPTION_OVERLOAD, OPTIONS, SHORTEST, SNAME, XID } from "./codes.ts";

/** The options of a message: the bytes of each, by its code. */
export type DhcpOptionList = readonly (readonly number[] | undefined)[];

/**
 * Reads the options of a message.
 *
 * @param bytes The message.
 * @param op Whose it has to be, {@linkcode BOOTREQUEST} or {@linkcode BOOTREPLY}.
 * @returns The options; null when it is no such message.
 */
export function readOptions(bytes: Uint8Array, op: number): DhcpOptionList | null {
  if (getI32(bytes, 0) >> 8 !== op || getI32(bytes, COOKIE) !== MAGIC) return null;
  const options: number[][] = [];
  const read = (at: number, end: number): void => {
    while (at < end) {
      const code = bytes[at++]!;
      if (code === 0) continue;
      const length = bytes[at++]!;
      if (code === OPTION_END || !(at + length <= end)) return;
      // One that stands twice is in two parts (RFC 3396, 7).
      (options[code] ??= []).push(...bytes.subarray(at, at += length));
    }
  };
  read(OPTIONS, bytes.length);
  const [overload] = options[OPTION_OVERLOAD] ?? [0];
  if (overload! & 1) read(FILE, COOKIE);
  if (overload! & 2) read(SNAME, FILE);
  return options;
}

/**
 * Reads the first four bytes of an option, such as an address.
 *
 * @param options The options.
 * @param code Which one.
 * @returns An int32, the bytes that it has not being 0.
 */
export function wordOf(options: DhcpOptionList, code: number): number {
  return getI32(Uint8Array.from(options[code] ?? []), 0);
}

/**
 * Writes a message whose other fields are 0.
 *
 * @param op Whose it is, {@linkcode BOOTREQUEST} or {@linkcode BOOTREPLY}.
 * @param xid Which messages belong together, an int32.
 * @param mac The client's MAC address.
 * @param options The options: code, length and bytes of each, of which the lowest eight bits count.
 * @returns Its bytes.
 */
export function writeMessage(
  op: number,
  xid: number,
  mac: Uint8Array,
  options: readonly number[],
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.max(SHORTEST, OPTIONS + options.length + 1));
  setI32(bytes, 0, op << 8);
  setI32(bytes, XID, xid);
  setI32(bytes, COOKIE, MAGIC);
  bytes.set(mac, CHADDR);
  bytes.set([...options, OPTION_END], OPTIONS);
  return bytes;
}

/**
 * Writes an integer of 32 bits, such as an address, as an option.
 *
 * @param code The option.
 * @param word The integer.
 * @returns Its code, length and bytes; nothing for 0.
 */
export function wordOption(code: number, word: number): number[] {
  return word ? [code, 4, word >> 24, word >> 16, word >> 8, word] : [];
}
