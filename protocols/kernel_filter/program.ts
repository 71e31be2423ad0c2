/**
 * An assembler for classic BPF (Linux, Documentation/networking/filter.rst): a machine with one accumulator, an index
 * register, and jumps that only go forward. A program returns how many bytes of a packet are let through, 0 for none.
 *
 * @module
 */

/** Tests of the accumulator: `BPF_JMP` with a constant. */
export const EQUAL = 0x15;
/** Whether it is as large as the constant or larger, unsigned. */
export const AT_LEAST = 0x35;
/** Whether it has any bit of the constant. */
export const HAS = 0x45;

/** `BPF_LD` of so many bytes, big-endian, at a fixed place of the packet; beyond its end the program returns 0. */
const LOAD: Readonly<Record<1 | 2 | 4, number>> = { 1: 0x30, 2: 0x28, 4: 0x20 };
/** `BPF_LDX | BPF_MSH`: four times the low nibble of a byte, which is the length of an IPv4 header. */
const INDEX_IPV4 = 0xb1;
/** `BPF_LD | BPF_H | BPF_IND`: two bytes behind the index. */
const LOAD_BEHIND = 0x48;
const JUMP = 0x05;
const RETURN = 0x06;
/** Lets the whole of any packet through. */
const ALL = 0x40000;

/** A program that is being written. Blocks that it opens may be of any length. */
export class Program {
  /** Three numbers an instruction: the operation, the instructions that a test skips when it holds, the constant. */
  readonly #code: number[] = [];

  /** Loads a big-endian number. */
  load(size: 1 | 2 | 4, at: number): void {
    this.#emit(LOAD[size], at);
  }

  /** Loads the two bytes at a place behind an IPv4 header, which begins at another place. */
  loadBehindIpv4(header: number, at: number): void {
    this.#emit(INDEX_IPV4, header);
    this.#emit(LOAD_BEHIND, header + at);
  }

  /** Lets the packet through. */
  accept(): void {
    this.#emit(RETURN, ALL);
  }

  /** Drops the packet. */
  drop(): void {
    this.#emit(RETURN, 0);
  }

  /** Runs a block where the accumulator passes a test; goes on behind it otherwise. */
  when(test: number, constant: number, block: () => void): void {
    this.#emit(test, constant, 1);
    const over = this.#emit(JUMP, 0);
    block();
    this.#land(over);
  }

  /** Drops the packet unless a block calls `pass`; goes on behind it then. */
  require(block: (pass: () => void) => void): void {
    const passed: number[] = [];
    block(() => passed.push(this.#emit(JUMP, 0)));
    this.drop();
    for (const jump of passed) this.#land(jump);
  }

  /** The instructions, each a `struct sock_filter` of this host: operation, jumps, constant. */
  bytes(): Uint8Array<ArrayBuffer> {
    const code = this.#code;
    const bytes = new Uint8Array(code.length / 3 * 8);
    const halves = new Uint16Array(bytes.buffer);
    const words = new Uint32Array(bytes.buffer);
    for (let i = 0, at = 0; i < code.length; i += 3, at += 8) {
      halves[at >> 1] = code[i]!;
      bytes[at + 2] = code[i + 1]!;
      words[(at >> 2) + 1] = code[i + 2]!;
    }
    return bytes;
  }

  #emit(operation: number, constant: number, skip: number = 0): number {
    return this.#code.push(operation, skip, constant) / 3 - 1;
  }

  /** Lets a jump lead here. */
  #land(jump: number): void {
    this.#code[3 * jump + 2] = this.#code.length / 3 - jump - 1;
  }
}
