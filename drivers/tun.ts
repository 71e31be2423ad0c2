/**
 * TUN devices of Linux: bare IP packets to and from the kernel, from Deno (`--allow-ffi`) and from Bun, without an addon.
 *
 * ```ts
 * import { tun } from "@bonsai/net/drivers/tun";
 *
 * const driver = tun("tun0", { host: "10.0.0.1/24" });
 * ```
 *
 * Rights are as for TAP devices, with `mode tun`.
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
 * Opens a TUN device, and makes it first where there is none.
 *
 * @param name Its name, 1 to 15 bytes; one `%d` in it stands for the first free number: `driver.name` tells which.
 * @param options MTU, the kernel's addresses, and whether it stays.
 * @returns A driver for its packets.
 * @throws {NetError} When the system refuses, in a sentence that names the command that helps: `EPERM` and `EACCES` without
 * the right, `EBUSY` while another process has it open, `ENOENT` without `/dev/net/tun`, `EINVAL` when the name is that of
 * another kind of device.
 * @throws {TypeError} When the name or an option is of another type, or unknown.
 * @throws {RangeError} When the name or an option is out of its range.
 * @throws {SyntaxError} When an address is none.
 */
export function tun(name: string, options: TapOptions = {}): TapDriver<"ip"> {
  checkName("tun", name);
  checkOptions("tun", TAP_OPTIONS, options);
  return new TapDriver("tun", "ip", name, options);
}
