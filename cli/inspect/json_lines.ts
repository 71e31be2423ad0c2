/**
 * Frames as JSON Lines: one object a frame, with what it has of {@linkcode GROUPS}.
 *
 * @module
 */

import { type ByteWriter, FixedText } from "./byte_writer.ts";
import { type Field, GROUPS, LIST } from "../../testing/dissect/fields.ts";
import type { Frame, Header } from "../../testing/dissect/frame.ts";

const QUOTE = 34;

/** How a field is written. */
const BYTE = 0;
const SHORT = 1;
const LONG = 2;
const NUMBER = 3;
const LIST_OF_NUMBERS = 4;
const MAC = 5;
const IPV4 = 6;
const IPV6 = 7;
const BYTES = 8;

/** A field with its key. */
interface Keyed {
  readonly field: Field;
  readonly key: FixedText;
  /** How it is written. */
  readonly way: number;
  /** Where it lies in its header; -1 when that is computed. */
  readonly offset: number;
  /** Bytes of the header without which it is missing. */
  readonly until: number;
  /** The bits of a number of two bytes that count, and by how many they are moved to the right. */
  readonly mask: number;
  readonly shift: number;
}

/** Writes frames. */
export class JsonLines {
  readonly #writer: ByteWriter;
  /** The fields of each header. */
  readonly #fields: readonly (readonly Keyed[])[];

  /**
   * Begins.
   *
   * @param writer Takes the lines.
   */
  constructor(writer: ByteWriter) {
    this.#writer = writer;
    this.#fields = GROUPS.map(({ fields }) => fields.map(keyed));
  }

  /**
   * Writes a frame.
   *
   * @param frame The frame.
   */
  frame(frame: Frame): void {
    const writer = this.#writer;
    writer.fixed(N);
    writer.number(frame.number);
    writer.fixed(CAP);
    writer.number(frame.captured);
    writer.fixed(LEN);
    writer.number(frame.length);
    if (frame.timed) this.#time(frame);
    const { headers } = frame;
    for (let i = 0; i < headers.length; i++) {
      const header = headers[i]!;
      if (header.at >= 0) this.#header(frame, header, this.#fields[i]!);
    }
    writer.byte(125);
    writer.endLine();
  }

  #time({ seconds, nanoseconds }: Frame): void {
    const writer = this.#writer;
    // What a damaged file has too many of is shown as it is, in 32 bits as other programs do.
    const nanos = nanoseconds | 0;
    writer.fixed(TS);
    if (nanos < 0) writer.byte(45);
    writer.number(seconds);
    writer.byte(46);
    if (nanos > 999_999_999) writer.number(nanos);
    else writer.padded(Math.min(999_999_999, Math.abs(nanos)), 9);
    writer.byte(QUOTE);
  }

  /** Writes the fields of a header. Most are read here rather than by their own functions: they are many, and calls add up. */
  #header(frame: Frame, header: Header, fields: readonly Keyed[]): void {
    const writer = this.#writer;
    const { bytes, at, have } = header;
    for (let i = 0; i < fields.length; i++) {
      const { field, key, way, offset, until, mask, shift } = fields[i]!;
      if (have < until) continue;
      let value = at + offset;
      if (offset < 0) {
        value = field.read(header, frame);
        if (value < 0) continue;
      } else if (way === BYTE) value = bytes[value]!;
      else if (way === SHORT) value = ((bytes[value]! << 8 | bytes[value + 1]!) & mask) >> shift;
      else if (way === LONG) {
        const low = bytes[value + 1]! << 16 | bytes[value + 2]! << 8 | bytes[value + 3]!;
        value = bytes[value]! * 0x1000000 + low;
      }
      writer.fixed(key);
      if (way <= NUMBER) writer.number(value);
      else if (way === LIST_OF_NUMBERS) this.#list(value);
      else {
        writer.byte(QUOTE);
        if (way === MAC) writer.mac(bytes, value);
        else if (way === IPV4) writer.ipv4(bytes, value);
        else if (way === IPV6) writer.ipv6(bytes, value);
        else writer.hex(bytes, value, field.end!(header));
        writer.byte(QUOTE);
      }
    }
  }

  /** Writes a number, or several as a list. */
  #list(count: number): void {
    const writer = this.#writer;
    if (count === 1) return writer.number(LIST[0]!);
    for (let i = 0; i < count; i++) {
      writer.byte(i === 0 ? 91 : 44);
      writer.number(LIST[i]!);
    }
    writer.byte(93);
  }
}

function keyed(field: Field): Keyed {
  const { name, kind, place } = field;
  const size = place?.size ?? 0;
  const number = size === 1 ? BYTE : size === 2 ? SHORT : size === 4 ? LONG : NUMBER;
  return {
    field,
    key: new FixedText(`,"${name}":`),
    way: kind === "number" ? number : WAYS[kind],
    offset: place?.offset ?? -1,
    until: field.until,
    mask: place?.mask ?? 0xffff,
    shift: place?.shift ?? 0,
  };
}

const WAYS = { list: LIST_OF_NUMBERS, mac: MAC, ipv4: IPV4, ipv6: IPV6, bytes: BYTES } as const;
const N = /* @__PURE__ */ new FixedText('{"n":');
const CAP = /* @__PURE__ */ new FixedText(',"cap":');
const LEN = /* @__PURE__ */ new FixedText(',"len":');
const TS = /* @__PURE__ */ new FixedText(',"ts":"');
