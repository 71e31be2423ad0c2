/**
 * Frames as JSON Lines: one object a frame, with what it has of {@linkcode GROUPS}.
 *
 * @module
 */

import type { ByteWriter } from "./byte_writer.ts";
import { type Field, GROUPS, LIST } from "./fields.ts";
import type { Frame, Header } from "./frame.ts";

const encoder = /* @__PURE__ */ new TextEncoder();
const QUOTE = 34;

/** A field with its key as bytes. */
interface Keyed {
  readonly field: Field;
  readonly key: Uint8Array;
}

/** Writes frames. */
export class JsonLines {
  readonly #writer: ByteWriter;
  readonly #groups: readonly { readonly header: (frame: Frame) => Header; readonly fields: readonly Keyed[] }[];

  /**
   * Begins.
   *
   * @param writer Takes the lines.
   */
  constructor(writer: ByteWriter) {
    this.#writer = writer;
    this.#groups = GROUPS.map(({ header, fields }) => ({
      header,
      fields: fields.map((field) => ({ field, key: encoder.encode(`,"${field.name}":`) })),
    }));
  }

  /**
   * Writes a frame.
   *
   * @param frame The frame.
   */
  frame(frame: Frame): void {
    const writer = this.#writer;
    writer.raw(N);
    writer.number(frame.number);
    writer.raw(CAP);
    writer.number(frame.captured);
    writer.raw(LEN);
    writer.number(frame.length);
    if (frame.timed) this.#time(frame);
    for (const { header: find, fields } of this.#groups) {
      const header = find(frame);
      if (header.at < 0) continue;
      for (const { field, key } of fields) this.#field(frame, header, field, key);
    }
    writer.byte(125);
    writer.endLine();
  }

  #time({ seconds, nanoseconds }: Frame): void {
    const writer = this.#writer;
    // What a damaged file has too many of is shown as it is, in 32 bits as other programs do.
    const nanos = nanoseconds | 0;
    writer.raw(TS);
    if (nanos < 0) writer.byte(45);
    writer.number(seconds);
    writer.byte(46);
    if (nanos > 999_999_999) writer.number(nanos);
    else writer.padded(Math.min(999_999_999, Math.abs(nanos)), 9);
    writer.byte(QUOTE);
  }

  #field(frame: Frame, header: Header, field: Field, key: Uint8Array): void {
    const writer = this.#writer;
    const value = field.read(frame);
    if (field.kind === "list") {
      if (value === 0) return;
      writer.raw(key);
      if (value === 1) return writer.number(LIST[0]!);
      for (let i = 0; i < value; i++) {
        writer.byte(i === 0 ? 91 : 44);
        writer.number(LIST[i]!);
      }
      return writer.byte(93);
    }
    if (value < 0) return;
    writer.raw(key);
    if (field.kind === "number") return writer.number(value);
    writer.byte(QUOTE);
    if (field.kind === "mac") writer.mac(header.bytes, value);
    else if (field.kind === "ipv4") writer.ipv4(header.bytes, value);
    else if (field.kind === "ipv6") writer.ipv6(header.bytes, value);
    else writer.hex(header.bytes, value, field.end!(frame));
    writer.byte(QUOTE);
  }
}

const N = /* @__PURE__ */ encoder.encode('{"n":');
const CAP = /* @__PURE__ */ encoder.encode(',"cap":');
const LEN = /* @__PURE__ */ encoder.encode(',"len":');
const TS = /* @__PURE__ */ encoder.encode(',"ts":"');
