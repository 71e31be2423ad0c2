/**
 * The C library, called from Deno.
 *
 * @module
 */

import { NetError } from "../../core/net_error.ts";
import { type Libc, LIBRARIES, type Pointer, type Poller } from "./libc.ts";

/** Every call. A `pointer` costs 7 ns where a `buffer` costs 18 and a `usize` 83, so calls per packet take pointers. */
const SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  ioctlValue: { name: "ioctl", parameters: ["i32", "usize", "usize"], result: "i32" },
  read: { parameters: ["i32", "pointer", "u32"], result: "i32" },
  write: { parameters: ["i32", "pointer", "u32"], result: "i32" },
  readv: { parameters: ["i32", "pointer", "i32"], result: "i32" },
  writev: { parameters: ["i32", "pointer", "i32"], result: "i32" },
  poll: { parameters: ["pointer", "u32", "i32"], result: "i32", nonblocking: true },
  __errno_location: { parameters: [], result: "pointer" },
} as const;

/**
 * Loads the C library.
 *
 * @param what Who wants it, for the error.
 * @returns The library.
 * @throws {NetError} `EACCES` without `--allow-ffi`, `ENODEV` where there is no such library.
 */
export function denoLibc(what: string): Libc {
  const { symbols } = load(what);
  // The address of errno never changes within a thread; reading it through a view costs no call.
  const errno = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(symbols.__errno_location()!, 4));
  const pointer = (bytes: Uint8Array): Deno.PointerValue => Deno.UnsafePointer.of(bytes as Uint8Array<ArrayBuffer>);
  return {
    open: (path, flags) => symbols.open(path as Uint8Array<ArrayBuffer>, flags),
    close: symbols.close,
    socket: symbols.socket,
    bind: (fd, address, size) => symbols.bind(fd, address as Uint8Array<ArrayBuffer>, size),
    setsockopt: (fd, level, option, value, size) =>
      symbols.setsockopt(fd, level, option, value as Uint8Array<ArrayBuffer>, size),
    eventfd: symbols.eventfd,
    ioctl: (fd, request, structure) => symbols.ioctl(fd, BigInt(request), structure as Uint8Array<ArrayBuffer>),
    ioctlValue: (fd, request, value) => symbols.ioctlValue(fd, BigInt(request), BigInt(value)),
    read: symbols.read as (fd: number, buffer: Pointer, size: number) => number,
    write: symbols.write as (fd: number, buffer: Pointer, size: number) => number,
    readv: symbols.readv as (fd: number, vectors: Pointer, count: number) => number,
    writev: symbols.writev as (fd: number, vectors: Pointer, count: number) => number,
    errno: () => errno[0]!,
    address: (bytes) => Number(Deno.UnsafePointer.value(pointer(bytes))),
    pointer,
    poller: (): Poller => ({
      poll(fds, count, ms, done) {
        // Deno runs the call in a thread of its own, and stays alive for it.
        symbols.poll(pointer(fds), count, ms).then(done, done);
      },
      close() {},
    }),
  };
}

function load(what: string): Deno.DynamicLibrary<typeof SYMBOLS> {
  let reason: unknown;
  for (const name of LIBRARIES) {
    try {
      return Deno.dlopen(name, SYMBOLS);
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) {
        throw new NetError("EACCES", `Cannot open ${what}: Deno may not call the C library; run it with --allow-ffi`);
      }
      reason ??= error;
    }
  }
  throw new NetError("ENODEV", `Cannot open ${what}: the C library does not load: ${(reason as Error).message}`);
}
