/**
 * Packet sockets of Linux: Ethernet frames of a network interface, from Deno (`--allow-ffi`) and from Bun, without an addon.
 *
 * ```ts
 * import { afPacket } from "@bonsai/net/drivers/af_packet";
 *
 * const driver = afPacket("eth0");
 * ```
 *
 * The stack is a host of its own on the link, beside the kernel's, with a MAC and an IP address of its own; the two do not
 * hear each other through the interface. It takes root or `CAP_NET_RAW`. Checksums and segmentation are left to the kernel
 * and the card, so that captures show packets as no wire carries them.
 *
 * Where a card or its network lets only the card's own MAC address through, as Wi-Fi and most clouds do, give that to
 * `ethernet({ mac })`.
 *
 * @module
 */

import { checkOptions, type OptionsSchema } from "../core/options.ts";
import { checkName } from "./tap/options.ts";
import { AfPacketDriver } from "./tap/packet_socket.ts";

export type { DescriptorDriver } from "./tap/descriptor_driver.ts";
export { AfPacketDriver } from "./tap/packet_socket.ts";
export { TapCounters } from "./tap/options.ts";

/** How to open a packet socket. */
export interface AfPacketOptions {
  /**
   * Whether the card hands up frames for every MAC address, ours among them, and not only for its own and for groups; true
   * when left out.
   */
  readonly promiscuous?: boolean;
}

/** The schema of {@linkcode AfPacketOptions}. */
export const AF_PACKET_OPTIONS: OptionsSchema<AfPacketOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    promiscuous: { type: "boolean", description: "Whether the card hands up frames for every MAC address" },
  },
};

/**
 * Opens a packet socket on a network interface.
 *
 * @param name The interface, such as `"eth0"`.
 * @param options How.
 * @returns A driver for its frames.
 * @throws {NetError} `EPERM` without the right, `ENODEV` without such an interface, `EINVAL` when it carries no Ethernet
 * frames.
 * @throws {TypeError} When the name or an option is of another type, or unknown.
 * @throws {RangeError} When the name is none.
 */
export function afPacket(name: string, options: AfPacketOptions = {}): AfPacketDriver {
  checkName("afPacket", name);
  checkOptions("afPacket", AF_PACKET_OPTIONS, options);
  return new AfPacketDriver(name, options.promiscuous ?? true);
}
