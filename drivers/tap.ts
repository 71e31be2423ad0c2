/**
 * TAP devices of Linux: Ethernet frames to and from the kernel, from Deno (`--allow-ffi`) and from Bun, without an addon.
 *
 * ```ts
 * import { tap } from "@bonsai/net/drivers/tap";
 *
 * const driver = tap("tap0", { host: "10.0.0.1/24" });
 * ```
 *
 * Making a device takes root or `CAP_NET_ADMIN`. A device that root made ready for a user (`sudo ip tuntap add dev tap0
 * mode tap user $USER`, then its address and `up`) takes neither.
 *
 * @module
 */

import { checkOptions } from "../core/options.ts";
import { TapDriver } from "./tap/driver.ts";
import { checkName, TAP_OPTIONS, type TapOptions } from "./tap/options.ts";

export type { DescriptorDriver } from "./tap/descriptor_driver.ts";
export { TapDriver } from "./tap/driver.ts";
export { TAP_OPTIONS, TapCounters, type TapOptions } from "./tap/options.ts";

/**
 * Opens a TAP device, and makes it first where there is none.
 *
 * @param name Its name, 1 to 15 bytes; one `%d` in it stands for the first free number: `driver.name` tells which.
 * @param options MTU, the kernel's addresses, and whether it stays.
 * @returns A driver for its frames.
 * @throws {NetError} When the system refuses, in a sentence that names the command that helps: `EPERM` and `EACCES` without
 * the right, `EBUSY` while another process has it open, `ENOENT` without `/dev/net/tun`, `EINVAL` when the name is that of
 * another kind of device.
 * @throws {TypeError} When the name or an option is of another type, or unknown.
 * @throws {RangeError} When the name or an option is out of its range.
 * @throws {SyntaxError} When an address is none.
 */
export function tap(name: string, options: TapOptions = {}): TapDriver<"ethernet"> {
  checkName("tap", name);
  checkOptions("tap", TAP_OPTIONS, options);
  return new TapDriver("tap", "ethernet", name, options);
}
