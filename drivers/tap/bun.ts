/**
 * The C library, called from Bun.
 *
 * @module
 */

import { NetError } from "../../core/net_error.ts";
import { type Libc, LIBRARIES, type Poller } from "./libc.ts";

/** What is used of `bun:ffi`. */
interface BunFfi {
  dlopen(name: string, symbols: Record<string, { args: string[]; returns: string }>): { symbols: Symbols };
  ptr(bytes: ArrayBufferView): number;
  toArrayBuffer(address: number, offset: number, length: number): ArrayBuffer;
}

/** A call; every argument is a number. */
type Call = (...parameters: number[]) => number;

/** What `dlopen` makes of {@linkcode SYMBOLS}. */
type Symbols = { readonly [K in keyof typeof SYMBOLS]: Call };

/** What is used of `node:worker_threads`. */
interface Threads {
  Worker: new (code: string, options: { eval: true; workerData: unknown }) => {
    on(event: "message", listener: () => void): void;
  };
}

/** Every call: Bun takes an address as a number, whichever its type. */
const SYMBOLS = {
  open: { args: ["ptr", "i32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  eventfd: { args: ["u32", "i32"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  read: { args: ["i32", "ptr", "u32"], returns: "i32" },
  write: { args: ["i32", "ptr", "u32"], returns: "i32" },
  readv: { args: ["i32", "ptr", "i32"], returns: "i32" },
  writev: { args: ["i32", "ptr", "i32"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
};

/**
 * Loads the C library.
 *
 * @param what Who wants it, for the error.
 * @returns The library.
 * @throws {NetError} `ENODEV` where there is no such library.
 */
export function bunLibc(what: string): Libc {
  const ffi = builtin("bun:ffi") as BunFfi;
  const [library, symbols] = load(ffi, what);
  const errno = new Int32Array(ffi.toArrayBuffer(symbols.__errno_location(), 0, 4));
  return {
    open: (path, flags) => symbols.open(ffi.ptr(path), flags),
    close: symbols.close,
    socket: symbols.socket,
    bind: (fd, address, size) => symbols.bind(fd, ffi.ptr(address), size),
    setsockopt: (fd, level, option, value, size) => symbols.setsockopt(fd, level, option, ffi.ptr(value), size),
    eventfd: symbols.eventfd,
    ioctl: (fd, request, structure) => symbols.ioctl(fd, request, ffi.ptr(structure)),
    ioctlValue: symbols.ioctl,
    read: symbols.read as Libc["read"],
    write: symbols.write as Libc["write"],
    readv: symbols.readv as Libc["readv"],
    writev: symbols.writev as Libc["writev"],
    errno: () => errno[0]!,
    address: (bytes) => ffi.ptr(bytes),
    pointer: (bytes) => ffi.ptr(bytes),
    poller: () => new ThreadPoller(ffi, library),
  };
}

/** Bun's calls all hold up their thread, so that this one waits in a worker, made on the first wait. */
class ThreadPoller implements Poller {
  readonly #ffi: BunFfi;
  readonly #library: string;
  /** What the worker shall do: 0, {@linkcode POLL} or {@linkcode EXIT}; then for how long. */
  #orders: Int32Array | null = null;
  #done: (() => void) | null = null;

  constructor(ffi: BunFfi, library: string) {
    this.#ffi = ffi;
    this.#library = library;
  }

  poll(fds: Uint8Array, count: number, ms: number, done: () => void): void {
    this.#done = done;
    const orders = this.#orders ??= this.#start(fds, count);
    orders[1] = ms;
    Atomics.store(orders, 0, POLL);
    Atomics.notify(orders, 0);
  }

  #start(fds: Uint8Array, count: number): Int32Array {
    const orders = new Int32Array(new SharedArrayBuffer(8));
    const { Worker } = builtin("node:worker_threads") as Threads;
    // The worker shares the process, so that it can be told the address of our array. It is given as text because a
    // bundle has no file of its own for it.
    const workerData = { library: this.#library, orders, address: this.#ffi.ptr(fds), count };
    new Worker(WORKER, { eval: true, workerData }).on("message", () => {
      const done = this.#done;
      this.#done = null;
      done?.();
    });
    return orders;
  }

  close(): void {
    if (!this.#orders) return;
    Atomics.store(this.#orders, 0, EXIT);
    Atomics.notify(this.#orders, 0);
    this.#orders = null;
  }
}

/** The worker waits in `poll` once. */
const POLL = 1;
/** The worker ends. */
const EXIT = 2;

/** The worker; 0 is to have nothing to do, and it is there again before it tells, for the next order may come at once. */
const WORKER = `
const { workerData: { library, orders, address, count }, parentPort } = require("node:worker_threads");
const { poll } = require("bun:ffi").dlopen(library, {
  poll: { args: ["ptr", "u32", "i32"], returns: "i32" },
}).symbols;
for (;;) {
  Atomics.wait(orders, 0, 0);
  if (Atomics.load(orders, 0) === 2) break;
  poll(address, count, orders[1]);
  Atomics.store(orders, 0, 0);
  parentPort.postMessage(0);
}
`;

/** Bun's own modules, without an import that no other runtime resolves. */
function builtin(name: string): unknown {
  return (globalThis as unknown as { process: { getBuiltinModule(name: string): unknown } }).process
    .getBuiltinModule(name);
}

function load(ffi: BunFfi, what: string): [library: string, symbols: Symbols] {
  let reason: unknown;
  for (const name of LIBRARIES) {
    try {
      return [name, ffi.dlopen(name, SYMBOLS).symbols];
    } catch (error) {
      reason ??= error;
    }
  }
  throw new NetError("ENODEV", `Cannot open ${what}: the C library does not load: ${(reason as Error).message}`);
}
