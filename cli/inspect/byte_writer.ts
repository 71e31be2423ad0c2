/**
 * Writes text as bytes, in large pieces and without strings between.
 *
 * @module
 */

const DIGITS = /* @__PURE__ */ digits();
/** The same, two digits in one number. */
const PAIRS = /* @__PURE__ */ Uint16Array.from({ length: 100 }, (_, i) => 0x3030 + (Math.floor(i / 10) << 8) + i % 10);
const HEX = /* @__PURE__ */ new TextEncoder().encode("0123456789abcdef");
const encoder = /* @__PURE__ */ new TextEncoder();

/** The decimal digits of 0 to 99, two bytes each. */
function digits(): Uint8Array<ArrayBuffer> {
  const table = new Uint8Array(200);
  for (let i = 0; i < 100; i++) {
    table[2 * i] = 48 + Math.floor(i / 10);
    table[2 * i + 1] = 48 + i % 10;
  }
  return table;
}

/** A text that is written often, in words of four bytes. */
export class FixedText {
  /** Bytes of it. */
  readonly size: number;
  /** The words, the first byte of each the highest; zeros fill the last. */
  readonly words: Uint32Array<ArrayBuffer>;

  /**
   * Makes one.
   *
   * @param text The text.
   */
  constructor(text: string) {
    const bytes = encoder.encode(text);
    this.size = bytes.length;
    const view = new DataView(new ArrayBuffer(bytes.length + 3 & ~3));
    new Uint8Array(view.buffer).set(bytes);
    this.words = Uint32Array.from({ length: view.byteLength >> 2 }, (_, i) => view.getUint32(4 * i));
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
    for (let i = 0; i < words.length; i++) view.setUint32(at + 4 * i, words[i]!);
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
    const { bytes } = this;
    let rest = value | 0;
    if (rest < 10) {
      bytes[this.at++] = 48 + rest;
      return;
    }
    let size = rest < 100
      ? 2
      : rest < 1000
      ? 3
      : rest < 10_000
      ? 4
      : rest < 100_000
      ? 5
      : rest < 1_000_000
      ? 6
      : rest < 10_000_000
      ? 7
      : rest < 100_000_000
      ? 8
      : 9;
    const view = this.#view;
    let at = this.at + size;
    this.at = at;
    for (; size > 1; size -= 2) {
      // Division of small integers, which engines turn into a multiplication.
      const hundreds = (rest / 100) | 0;
      at -= 2;
      view.setUint16(at, PAIRS[rest - hundreds * 100]!);
      rest = hundreds;
    }
    if (size === 1) bytes[--at] = 48 + rest;
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
    for (let i = start; i < end; i++) {
      const byte = from[i]!;
      this.bytes[this.at++] = HEX[byte >> 4]!;
      this.bytes[this.at++] = HEX[byte & 15]!;
    }
  }

  /**
   * Writes a MAC address.
   *
   * @param from Where it lies.
   * @param start Its first byte.
   */
  mac(from: Uint8Array, start: number): void {
    const { bytes } = this;
    let { at } = this;
    for (let i = 0; i < 6; i++) {
      const byte = from[start + i]!;
      if (i > 0) bytes[at++] = 58;
      bytes[at++] = HEX[byte >> 4]!;
      bytes[at++] = HEX[byte & 15]!;
    }
    this.at = at;
  }

  /**
   * Writes an IPv4 address in dotted form.
   *
   * @param from Where it lies.
   * @param start Its first byte.
   */
  ipv4(from: Uint8Array, start: number): void {
    const { bytes } = this;
    let { at } = this;
    for (let i = 0; i < 4; i++) {
      let byte = from[start + i]!;
      if (i > 0) bytes[at++] = 46;
      if (byte >= 100) {
        const hundreds = byte >= 200 ? 2 : 1;
        bytes[at++] = 48 + hundreds;
        byte -= hundreds * 100;
        bytes[at++] = DIGITS[2 * byte]!;
      } else if (byte >= 10) bytes[at++] = DIGITS[2 * byte]!;
      bytes[at++] = DIGITS[2 * byte + 1]!;
    }
    this.at = at;
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
        if (run > 0) continue;
        continue;
      }
      this.hexNumber(from[start + 2 * i]! << 8 | from[start + 2 * i + 1]!);
      if (i < 7) this.byte(58);
    }
  }
}
