/**
 * The driver of an open TAP or TUN device.
 *
 * @module
 */

import type { Medium } from "../../core/driver.ts";
import type { NetError } from "../../core/net_error.ts";
import { DescriptorDriver, filterRequest } from "./descriptor_driver.ts";
import { type Kind, openDevice } from "./device.ts";
import { attachError, lostError } from "./errors.ts";
import type { Libc } from "./libc.ts";
import type { TapOptions } from "./options.ts";
import { libc } from "./runtime.ts";
import { Waiter } from "./waiter.ts";

/** Attaches a program of classic BPF to a TAP device, and takes it away; Linux has neither for TUN. */
const TUNATTACHFILTER = 0x401054d5;
const TUNDETACHFILTER = 0x401054d6;

/** A TAP or TUN device, open. {@linkcode TapDriver.error} tells when it is lost; nothing throws. */
export class TapDriver<M extends Medium = Medium> extends DescriptorDriver<M> {
  readonly #onLost: ((error: NetError) => void) | undefined;
  #error: NetError | null = null;

  /**
   * Opens a device; called by `tap` and `tun`.
   *
   * @param kind Which kind.
   * @param medium What that carries.
   * @param name Its name, checked already.
   * @param options How to set it up, checked already.
   * @throws {NetError} When the system refuses.
   */
  constructor(kind: Kind, medium: M, name: string, options: TapOptions) {
    const library = libc(name);
    const device = openDevice(library, kind, name, options);
    const event = Waiter.event(library);
    if (event < 0) {
      library.close(device.fd);
      throw attachError(kind, name, library.errno(), true);
    }
    super(library, medium, device, event);
    this.#onLost = options.onLost;
  }

  /** Why the device is of no use any more: `ENODEV` once somebody deleted it; null while it works. */
  get error(): NetError | null {
    return this.#error;
  }

  /**
   * Attaches a program, or takes it away.
   *
   * @internal
   */
  protected override setFilter(libc: Libc, fd: number, program: Uint8Array | null): boolean {
    const request = filterRequest(libc, program ?? new Uint8Array(8));
    return libc.ioctl(fd, program ? TUNATTACHFILTER : TUNDETACHFILTER, request) === 0;
  }

  /** The device was deleted. */
  protected override troubled(): void {
    if (this.#error || this.closed) return;
    this.forget();
    const error = this.#error = lostError(this.name);
    // Not from within a turn, and an exception is the app's own.
    if (this.#onLost) queueMicrotask(() => this.#onLost?.(error));
  }
}
