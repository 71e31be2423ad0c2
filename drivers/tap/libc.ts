/**
 * The few calls into the C library that a TAP device or a packet socket needs, whichever runtime makes them.
 *
 * @module
 */

/** An address as the runtime's calls take it: an object in Deno, a number in Bun. */
export type Pointer = unknown;

/** Calls into the C library. Each returns what the system call does: below 0 when it failed, and then `errno` says why. */
export interface Libc {
  /** Opens a file whose path ends in a zero byte. */
  open(path: Uint8Array, flags: number): number;
  /** Closes a descriptor. */
  close(fd: number): number;
  /** Makes a socket. */
  socket(family: number, type: number, protocol: number): number;
  /** Binds a socket to an address. */
  bind(fd: number, address: Uint8Array, size: number): number;
  /** Sets an option of a socket. */
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, size: number): number;
  /** Makes a descriptor that `poll` can wait for and `write` makes readable. */
  eventfd(value: number, flags: number): number;
  /** Asks a device, with a structure. */
  ioctl(fd: number, request: number, structure: Uint8Array): number;
  /** Asks a device, with a number. */
  ioctlValue(fd: number, request: number, value: number): number;
  /** Reads into one buffer. */
  read(fd: number, buffer: Pointer, size: number): number;
  /** Writes from one buffer. */
  write(fd: number, buffer: Pointer, size: number): number;
  /** Reads into the buffers that an array of `struct iovec` lists. */
  readv(fd: number, vectors: Pointer, count: number): number;
  /** Writes from the buffers that an array of `struct iovec` lists. */
  writev(fd: number, vectors: Pointer, count: number): number;
  /** The number of the error of the last call that failed. */
  errno(): number;
  /** The address of an array's first byte, below 2^53. */
  address(bytes: Uint8Array): number;
  /** The same, as the calls above take it; valid while the array lives. */
  pointer(bytes: Uint8Array): Pointer;
  /** Makes what waits in `poll` without holding up the program. */
  poller(): Poller;
}

/** Waits for descriptors in another thread. */
export interface Poller {
  /**
   * Waits as `poll` does.
   *
   * @param fds An array of `struct pollfd`; it must not move or die until `done` is called.
   * @param count How many there are.
   * @param ms Milliseconds at most; -1 for ever.
   * @param done Called once, later.
   */
  poll(fds: Uint8Array, count: number, ms: number, done: () => void): void;
  /** Lets go of the thread; no wait may be under way. */
  close(): void;
}

/** Names of the C library: glibc's, then musl's by processor. */
export const LIBRARIES: readonly string[] = [
  "libc.so.6",
  "libc.musl-x86_64.so.1",
  "libc.musl-aarch64.so.1",
  "libc.musl-riscv64.so.1",
];
