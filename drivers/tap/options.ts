/**
 * What TAP and TUN devices have in common: options, counters, names.
 *
 * @module
 */

import type { NetError } from "../../core/net_error.ts";
import type { OptionsSchema } from "../../core/options.ts";

/** How to open a TAP or TUN device. */
export interface TapOptions {
  /**
   * Bytes of the largest packet, without the Ethernet header, that the link is set to: 68 to 65,521; what the device has
   * when left out. To change it takes the right to (`CAP_NET_ADMIN`).
   */
  readonly mtu?: number;
  /** The IPv4 address and prefix to give the kernel's end of the link, such as `"10.0.0.1/24"`; none when left out. */
  readonly host?: string;
  /** The IPv6 address and prefix to give the kernel's end of the link, such as `"fd00::1/64"`; none when left out. */
  readonly host6?: string;
  /** Whether to switch the link on where it is off and this process may; true when left out. */
  readonly up?: boolean;
  /** Whether the device stays when it is closed; what it is already when left out, and a new one goes. */
  readonly persistent?: boolean;
  /**
   * Whether stack and kernel leave checksums to each other, and hand over TCP data in packets of up to 64 kB that nobody cuts
   * into segments: false when left out. Much faster; but captures show packets as no wire carries them.
   */
  readonly offload?: boolean;
  /** Hears, once, that the device is lost: somebody deleted it. Packets are dropped from then on. */
  readonly onLost?: (error: NetError) => void;
}

/** The schema of {@linkcode TapOptions}. */
export const TAP_OPTIONS: OptionsSchema<TapOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    mtu: {
      type: "integer",
      minimum: 68,
      maximum: 65_521,
      description: "Bytes of the largest packet, without the Ethernet header",
    },
    host: {
      type: "string",
      description: "The IPv4 address and prefix of the kernel's end of the link",
      examples: ["10.0.0.1/24"],
    },
    host6: {
      type: "string",
      description: "The IPv6 address and prefix of the kernel's end of the link",
      examples: ["fd00::1/64"],
    },
    up: { type: "boolean", description: "Whether to switch the link on" },
    persistent: { type: "boolean", description: "Whether the device stays when it is closed" },
    offload: { type: "boolean", description: "Whether checksums and the cutting of TCP segments are left out" },
    onLost: { description: "Hears that somebody deleted the device" },
  },
};

/** What a TAP or TUN device counts. */
export class TapCounters {
  /** Packets sent. */
  sent: number = 0;
  /** Packets received. */
  received: number = 0;
  /** Packets dropped, in either direction, because they were larger than the MTU allows. */
  oversized: number = 0;
  /** Packets not sent because the link is switched off (`EIO`). */
  down: number = 0;
  /** Packets not sent because the kernel had no room for them (`EAGAIN`, `ENOBUFS`, `ENOMEM`). */
  full: number = 0;
  /** Packets not sent because the kernel refused what they hold (`EINVAL`, …). */
  refused: number = 0;
  /** Packets not sent because the device was closed or deleted. */
  lost: number = 0;
}

/** Bytes that the kernel keeps a name in, its closing zero included. */
const NAME_SIZE = 16;

/**
 * Refuses a name that no device can have.
 *
 * @param owner Who was given it, such as `"tap"`.
 * @param name The name; one `%d` in it stands for the first free number.
 * @throws {TypeError} When it is no text.
 * @throws {RangeError} When the kernel would refuse it.
 */
export function checkName(owner: string, name: string): void {
  if (typeof name !== "string") {
    throw new TypeError(`${owner}(): the name must be a string such as "${owner}0", not ${typeof name}`);
  }
  const size = new TextEncoder().encode(name).length;
  if (size === 0 || size >= NAME_SIZE) {
    throw new RangeError(`${owner}(): a name has 1 to ${NAME_SIZE - 1} bytes, ${JSON.stringify(name)} has ${size}`);
  }
  // The kernel's own rule, and its pattern.
  if (name === "." || name === ".." || /[\0/:\s]/.test(name) || /%(?!d)|%d.*%/.test(name)) {
    throw new RangeError(
      `${owner}(): ${JSON.stringify(name)} names no device: no slash, colon, space, and only one "%d" for a number`,
    );
  }
}
