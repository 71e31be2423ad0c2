/**
 * Opening a TAP or TUN device (Linux, Documentation/networking/tuntap.rst).
 *
 * @module
 */

import type { Descriptor } from "./descriptor_driver.ts";
import { attachError, nodeError } from "./errors.ts";
import type { Libc } from "./libc.ts";
import { Link } from "./link.ts";
import type { TapOptions } from "./options.ts";

/** `O_RDWR | O_NONBLOCK | O_CLOEXEC`. */
const OPEN_FLAGS = 0x2 | 0x800 | 0x80000;
const TUNSETIFF = 0x400454ca;
const TUNSETPERSIST = 0x400454cb;
const IFF_TUN = 0x1;
const IFF_TAP = 0x2;
/** Without the four bytes of packet information before every packet. */
const IFF_NO_PI = 0x1000;
/** With a `struct virtio_net_hdr` before every packet. */
const IFF_VNET_HDR = 0x4000;
const TUNSETOFFLOAD = 0x400454d0;
/** `TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6`: packets may come to us without checksums, and uncut. */
const OFFLOADS = 0x1 | 0x2 | 0x4;

/** Which kind of device: frames, or bare IP packets. */
export type Kind = "tap" | "tun";

/**
 * Opens a device, makes it first where it does not exist, and sets its link up as the options say.
 *
 * @param libc The C library.
 * @param kind Which kind.
 * @param name Its name, checked already.
 * @param options How to set it up, checked already.
 * @returns The device; its name is without patterns.
 * @throws {NetError} When the system refuses, in a sentence that says how to get the right.
 */
export function openDevice(libc: Libc, kind: Kind, name: string, options: TapOptions): Descriptor {
  const fd = libc.open(new TextEncoder().encode("/dev/net/tun\0"), OPEN_FLAGS);
  if (fd < 0) throw nodeError(kind, name, libc.errno());
  try {
    const request = new Uint8Array(40);
    request.set(new TextEncoder().encode(name));
    const flags = (kind === "tap" ? IFF_TAP : IFF_TUN) | IFF_NO_PI | (options.offload ? IFF_VNET_HDR : 0);
    new DataView(request.buffer).setUint16(16, flags, true);
    if (libc.ioctl(fd, TUNSETIFF, request) < 0) throw attachError(kind, name, libc.errno(), Link.exists(libc, name));
    const real = new TextDecoder().decode(request.subarray(0, request.indexOf(0)));
    // A device that stays keeps what its last user set.
    libc.ioctlValue(fd, TUNSETOFFLOAD, options.offload ? OFFLOADS : 0);
    if (options.persistent !== undefined) libc.ioctlValue(fd, TUNSETPERSIST, options.persistent ? 1 : 0);
    // The link goes on only now that somebody reads: what the kernel says at once, such as its first ARP, is not lost.
    const link = new Link(libc, real);
    try {
      return { fd, name: real, mtu: link.configure(options), offload: options.offload ?? false };
    } finally {
      link.close();
    }
  } catch (error) {
    libc.close(fd);
    throw error;
  }
}
