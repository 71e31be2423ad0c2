/**
 * An interpreter of classic BPF for tests, written from the instruction set in Linux's
 * Documentation/networking/filter.rst, with the kernel's own checks of a program before it.
 */

/** Runs a program over a packet; returns the bytes that it lets through. */
export function runBpf(program: Uint8Array, packet: Uint8Array): number {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  let a = 0;
  let x = 0;
  for (let pc = 0;; pc++) {
    const at = pc * 8;
    const code = view.getUint16(at, true);
    const constant = view.getUint32(at + 4, true);
    switch (code) {
      case 0x20: // ld [k]
      case 0x28: // ldh [k]
      case 0x30: // ldb [k]
      case 0x48: { // ldh [x + k]
        const from = code === 0x48 ? x + constant : constant;
        const size = code === 0x20 ? 4 : code === 0x30 ? 1 : 2;
        if (from + size > packet.length) return 0;
        a = 0;
        for (let i = 0; i < size; i++) a = a * 256 + packet[from + i]!;
        break;
      }
      case 0xb1: // ldxb 4*([k]&0xf)
        if (constant >= packet.length) return 0;
        x = 4 * (packet[constant]! & 15);
        break;
      case 0x05: // ja
        pc += constant;
        break;
      case 0x15: // jeq
        pc += program[at + (a === constant ? 2 : 3)]!;
        break;
      case 0x35: // jge
        pc += program[at + (a >= constant ? 2 : 3)]!;
        break;
      case 0x45: // jset
        pc += program[at + ((a & constant) !== 0 ? 2 : 3)]!;
        break;
      case 0x06: // ret
        return constant;
      default:
        throw new Error(`There is no instruction ${code.toString(16)}`);
    }
  }
}

/** What the kernel refuses a program for (`bpf_check_classic`); null when it takes it. */
export function bpfFault(program: Uint8Array): string | null {
  const count = program.length / 8;
  if (!Number.isInteger(count) || count < 1 || count > 4096) return `${count} instructions`;
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  for (let pc = 0; pc < count; pc++) {
    const code = view.getUint16(pc * 8, true);
    const far = code === 0x05
      ? view.getUint32(pc * 8 + 4, true)
      : (code & 7) === 5
      ? Math.max(program[pc * 8 + 2]!, program[pc * 8 + 3]!)
      : 0;
    if (pc + far + 1 > count - 1 && (code & 7) === 5) return `instruction ${pc} jumps out of the program`;
  }
  return view.getUint16((count - 1) * 8, true) === 6 ? null : "it does not end in a return";
}
