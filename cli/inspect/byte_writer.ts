/**
 * Writes text as bytes, in large pieces and without strings between.
 *
 * @module
 */

const encoder = /* @__PURE__ */ new TextEncoder();
const HEX = /* @__PURE__ */ encoder.encode("0123456789abcdef");
/** Two digits in one number, the first the upper byte: of 0 to 99 in decimal, of 0 to 255 in hexadecimal. */
const PAIRS = /* @__PURE__ */ Uint16Array.from({ length: 100 }, (_, i) => 0x3030 + (Math.floor(i / 10) << 8) + i % 10);
const HEX_PAIRS = /* @__PURE__ */ Uint16Array.from({ length: 256 }, (_, i) => HEX[i >> 4]! << 8 | HEX[i & 15]!);

/**
 * A text that is written often, in words of eight bytes. It has ASCII characters only, so that no word is one of the floating-point
 * numbers whose bits may change when they are copied: those that are not numbers.
 */
export class FixedText {
  /** Bytes of it. */
  readonly size: number;
  /** The words, the first byte of each the lowest; zeros fill the last. */
  readonly words: Float64Array<ArrayBuffer>;

  /**
   * Makes one.
   *
   * @param text The text.
   */
  constructor(text: string) {
    const bytes = encoder.encode(text);
    this.size = bytes.length;
    const view = new DataView(new ArrayBuffer(bytes.length + 7 & ~7));
    new Uint8Array(view.buffer).set(bytes);
    this.words = Float64Array.from({ length: view.byteLength >> 3 }, (_, i) => view.getFloat64(8 * i, true));
  }
}

/** Bytes collected before the sink gets them. */
const BATCH = 131_072;
/** Bytes that are free whenever a line begins. */
const LINE = 16_384;

/** A text that is written. */
export class ByteWriter {
  /** The bytes; `at` of them are written. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(BATCH + LINE);
  /** Where the next byte goes. */
  at: number = 0;
  #view: DataView<ArrayBuffer> = new DataView(this.bytes.buffer);
  readonly #sink: (bytes: Uint8Array<ArrayBuffer>) => void;

  /**
   * Begins.
   *
   * @param sink Takes the text, piece by piece; lent until it returns.
   */
  constructor(sink: (bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#sink = sink;
  }

  /** Ends a line, and hands what was collected to the sink when it is much. */
  endLine(): void {
    this.bytes[this.at++] = 10;
    if (this.at >= BATCH) this.flush();
  }

  /** Hands what was collected to the sink. */
  flush(): void {
    if (this.at === 0) return;
    const piece = this.bytes.subarray(0, this.at);
    this.at = 0;
    this.#sink(piece);
  }

  /**
   * Writes bytes as they are.
   *
   * @param text The bytes, a few.
   */
  raw(text: Uint8Array): void {
    const { bytes } = this;
    let { at } = this;
    // A loop is faster than set() for keys and words.
    for (let i = 0; i < text.length; i++) bytes[at++] = text[i]!;
    this.at = at;
  }

  /**
   * Writes a text that is written often. What is behind it in the last word, the next byte covers.
   *
   * @param text The text.
   */
  fixed(text: FixedText): void {
    const view = this.#view;
    const { words } = text;
    const { at } = this;
    for (let i = 0; i < words.length; i++) view.setFloat64(at + 8 * i, words[i]!, true);
    this.at = at + text.size;
  }

  /**
   * Writes one byte.
   *
   * @param code The byte.
   */
  byte(code: number): void {
    this.bytes[this.at++] = code;
  }

  /**
   * Writes any text.
   *
   * @param text The text.
   */
  text(text: string): void {
    const most = text.length * 3;
    if (this.at + most > this.bytes.length) this.#grow(most);
    this.at += encoder.encodeInto(text, this.bytes.subarray(this.at)).written;
  }

  /**
   * Makes room for a long line.
   *
   * @param size Bytes that it may take.
   */
  reserve(size: number): void {
    if (this.at + size > this.bytes.length) this.#grow(size);
  }

  #grow(size: number): void {
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.at + size));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
    this.#view = new DataView(larger.buffer);
  }

  /**
   * Writes an integer, or a larger number as it is.
   *
   * @param value The number.
   */
  number(value: number): void {
    if (value > 999_999_999 || !(value >= 0)) return this.#large(value);
    const view = this.#view;
    let rest = value | 0;
    const { at } = this;
    if (rest < 10) {
      this.bytes[at] = 48 + rest;
      this.at = at + 1;
      return;
    }
    let size = rest < 100 ? 2 : rest < 1000 ? 3 : rest < 10_000 ? 4 : rest < 100_000 ? 5 : 6;
    if (rest >= 1_000_000) size = rest < 10_000_000 ? 7 : rest < 100_000_000 ? 8 : 9;
    this.at = at + size;
    while (rest >= 100) {
      // Division of small integers, which engines turn into a multiplication.
      const hundreds = (rest / 100) | 0;
      size -= 2;
      view.setUint16(at + size, PAIRS[rest - hundreds * 100]!);
      rest = hundreds;
    }
    if (rest < 10) this.bytes[at] = 48 + rest;
    else view.setUint16(at, PAIRS[rest]!);
  }

  /** A number of ten digits, or one that is none of the usual. */
  #large(value: number): void {
    if (!(value <= 4_294_967_295 && value >= 0)) return this.text(String(value));
    const billions = Math.floor(value / 1e9);
    this.bytes[this.at++] = 48 + billions;
    this.padded(value - billions * 1e9, 9);
  }

  /**
   * Writes an integer with zeros before it.
   *
   * @param value The number, below 2^31.
   * @param size Its digits.
   */
  padded(value: number, size: number): void {
    const { bytes } = this;
    const view = this.#view;
    let at = this.at + size;
    this.at = at;
    let rest = value | 0;
    for (; size > 1; size -= 2) {
      const hundreds = (rest / 100) | 0;
      at -= 2;
      view.setUint16(at, PAIRS[rest - hundreds * 100]!);
      rest = hundreds;
    }
    if (size === 1) bytes[--at] = 48 + rest;
  }

  /**
   * Writes a number in hexadecimal digits.
   *
   * @param value The number, of at most 32 bits.
   */
  hexNumber(value: number): void {
    let shift = 28;
    while (shift > 0 && (value >>> shift) === 0) shift -= 4;
    for (; shift >= 0; shift -= 4) this.bytes[this.at++] = HEX[value >>> shift & 15]!;
  }

  /**
   * Writes bytes in hexadecimal digits.
   *
   * @param from Where they lie.
   * @param start The first.
   * @param end One past the last.
   */
  hex(from: Uint8Array, start: number, end: number): void {
    const view = this.#view;
    let { at } = this;
    for (let i = start; i < end; i++, at += 2) view.setUint16(at, HEX_PAIRS[from[i]!]!);
    this.at = at;
  }

  /**
   * Writes a MAC address.
   *
   * @param from Where it lies.
   * @param start Its first byte.
   */
  mac(from: Uint8Array, start: number): void {
    const { bytes } = this;
    const view = this.#view;
    let { at } = this;
    for (let i = 0; i < 6; i++, at += 3) {
      view.setUint16(at, HEX_PAIRS[from[start + i]!]!);
      bytes[at + 2] = 58;
    }
    // The next byte covers the last colon.
    this.at = at - 1;
  }

  /**
   * Writes an IPv4 address in dotted form.
   *
   * @param from Where it lies.
   * @param start Its first byte.
   */
  ipv4(from: Uint8Array, start: number): void {
    this.number(from[start]!);
    for (let i = start + 1; i < start + 4; i++) {
      this.byte(46);
      this.number(from[i]!);
    }
  }

  /**
   * Writes an IPv6 address in its canonical form (RFC 5952).
   *
   * @param from Where it lies.
   * @param start Its first byte.
   */
  ipv6(from: Uint8Array, start: number): void {
    let run = -1;
    let most = 1;
    for (let i = 0; i < 8; i++) {
      let end = i;
      while (end < 8 && (from[start + 2 * end]! | from[start + 2 * end + 1]!) === 0) end++;
      if (end - i > most) {
        run = i;
        most = end - i;
      }
      if (end > i) i = end;
    }
    // Addresses that hold an IPv4 address (RFC 4291, 2.5.5) show it in its own form.
    const mapped = run === 0 && most === 5 && from[start + 10] === 255 && from[start + 11] === 255;
    if (mapped || run === 0 && most === 6) {
      this.text(mapped ? "::ffff:" : "::");
      return this.ipv4(from, start + 12);
    }
    for (let i = 0; i < 8; i++) {
      if (i === run) {
        this.byte(58);
        if (i === 0) this.byte(58);
        i += most - 1;
        if (i === 7) return;
        continue;
      }
      this.hexNumber(from[start + 2 * i]! << 8 | from[start + 2 * i + 1]!);
      if (i < 7) this.byte(58);
    }
  }
}
