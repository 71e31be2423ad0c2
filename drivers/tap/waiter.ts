/**
 * Waiting for a device without using the processor.
 *
 * @module
 */

import type { Libc, Pointer, Poller } from "./libc.ts";

/** `EFD_CLOEXEC | EFD_NONBLOCK`. */
const EVENT_FLAGS = 0x80000 | 0x800;
const POLLIN = 1;
/** `POLLERR | POLLNVAL`. */
const POLL_FAILED = 0x8 | 0x20;
/** The longest time that `poll` takes, in milliseconds. */
const LONGEST = 0x7fffffff;

/**
 * Waits in `poll` for a device and for an event of our own, which ends the wait: a call that is under way in another thread
 * cannot be called back.
 *
 * No wake-up is lost: both descriptors stay readable until somebody reads them, so that a packet or an event that comes
 * before `poll` begins ends it at once.
 */
export class Waiter {
  readonly #libc: Libc;
  readonly #event: number;
  /** Two `struct pollfd`: the device, the event. Each is an int32 descriptor, then two int16: wanted and seen. */
  readonly #fds: Int32Array<ArrayBuffer> = new Int32Array(4);
  readonly #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(this.#fds.buffer);
  /** The eight bytes that an event takes and gives. */
  readonly #count: Uint8Array<ArrayBuffer> = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);
  readonly #counted: Pointer;
  readonly #troubled: () => void;
  #poller: Poller | null = null;
  #resolve: (() => void) | null = null;
  #woken: boolean = false;
  #closed: boolean = false;

  /**
   * Makes one who waits for a device.
   *
   * @param libc The C library.
   * @param fd The device's descriptor.
   * @param event A descriptor made by `eventfd`, which is the waiter's from now on.
   * @param troubled Called when `poll` sees an error on the descriptor.
   */
  constructor(libc: Libc, fd: number, event: number, troubled: () => void) {
    this.#libc = libc;
    this.#event = event;
    this.#counted = libc.pointer(this.#count);
    this.#fds.set([fd, POLLIN, event, POLLIN]);
    this.#troubled = troubled;
  }

  /**
   * Makes the descriptor of an event.
   *
   * @param libc The C library.
   * @returns The descriptor; below 0 when there is none to be had.
   */
  static event(libc: Libc): number {
    return libc.eventfd(0, EVENT_FLAGS);
  }

  /**
   * Waits until the device has something, `ms` have passed, or `wake` is called.
   *
   * @param ms Milliseconds, 0 to infinity; `poll` counts whole ones.
   */
  wait(ms: number): Promise<void> {
    if (this.#closed || this.#resolve || !(ms > 0)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#woken = false;
      this.#fds[1] = this.#fds[3] = POLLIN;
      this.#poller ??= this.#libc.poller();
      this.#poller.poll(this.#bytes, 2, ms > LONGEST ? -1 : Math.ceil(ms), this.#ended);
    });
  }

  readonly #ended = (): void => {
    const resolve = this.#resolve!;
    this.#resolve = null;
    if (this.#closed) this.#release();
    else {
      // Read back what `wake` wrote, or the next wait would end at once.
      if (this.#woken) this.#libc.read(this.#event, this.#counted, 8);
      if (this.#fds[1]! >> 16 & POLL_FAILED) this.#troubled();
    }
    resolve();
  };

  /** Waits for the device no more, which was lost: `poll` would return at once for ever. */
  forget(): void {
    this.#fds[0] = -1;
  }

  /** Ends a wait that is under way. */
  wake(): void {
    if (!this.#resolve || this.#woken) return;
    this.#woken = true;
    this.#count[0] = 1;
    this.#libc.write(this.#event, this.#counted, 8);
  }

  /** Ends a wait that is under way, and lets go of everything but the device. */
  close(): void {
    if (this.#closed) return;
    // The other thread may look the descriptors up only now: the event must outlive the wait, and no other file may
    // take the number of the device meanwhile and hold it up; the event ends it in any case.
    this.wake();
    this.#closed = true;
    if (!this.#resolve) this.#release();
  }

  #release(): void {
    this.#poller?.close();
    this.#libc.close(this.#event);
  }
}
