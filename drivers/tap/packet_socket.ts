/**
 * The driver of a packet socket (Linux, packet(7)).
 *
 * @module
 */

import { NetError } from "../../core/net_error.ts";
import { type Descriptor, DescriptorDriver, filterRequest } from "./descriptor_driver.ts";
import { socketError } from "./errors.ts";
import type { Libc } from "./libc.ts";
import { Link } from "./link.ts";
import { libc } from "./runtime.ts";
import { Waiter } from "./waiter.ts";

const AF_PACKET = 17;
/** `SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC`. */
const RAW = 0x3 | 0x800 | 0x80000;
const ETH_P_ALL = 3;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const SOL_PACKET = 263;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_VNET_HDR = 15;
const PACKET_IGNORE_OUTGOING = 23;
const PACKET_MR_PROMISC = 1;
const PACKET_MR_ALLMULTI = 2;
/** Bytes that wait in the kernel in each direction: a burst of frames of 64 kB. */
const BUFFER = 0x400000;

/**
 * What goes before every program: the kernel takes VLAN tags off and keeps them beside the frame, so that those of a VLAN
 * would look like our own. `ld vlan_avail; jeq #0, program; ld vlan_tci; and #0xfff; jeq #0, program; ret #0`.
 */
const UNTAGGED = [0x20, 0xfffff030, 0x40015, 0, 0x20, 0xfffff02c, 0x54, 0xfff, 0x10015, 0, 0x06, 0] as const;
/** `ret #0x40000`: all of any frame. */
const ACCEPT = [0x06, 0x40000] as const;

/** A packet socket, open; nothing throws. */
export class AfPacketDriver extends DescriptorDriver<"ethernet"> {
  /**
   * Opens one; called by `afPacket`.
   *
   * @param name The interface, checked already.
   * @param promiscuous Whether its card hands up frames for every MAC address.
   * @throws {NetError} When the system refuses.
   */
  constructor(name: string, promiscuous: boolean) {
    const library = libc(name);
    const socket = openSocket(library, name, promiscuous);
    const event = Waiter.event(library);
    if (event < 0) {
      library.close(socket.fd);
      throw socketError(name, library.errno());
    }
    super(library, "ethernet", socket, event);
  }

  /**
   * Attaches a program, or takes it away.
   *
   * @internal
   */
  protected override setFilter(libc: Libc, fd: number, program: Uint8Array | null): boolean {
    return attach(libc, fd, program ? new Uint32Array(program.buffer, program.byteOffset, program.length / 4) : ACCEPT);
  }

  /** The interface is off or gone: the next read clears the error, and nothing comes until it is on again. */
  protected override troubled(): void {}
}

function attach(libc: Libc, fd: number, program: ArrayLike<number>): boolean {
  const words = Uint32Array.of(...UNTAGGED, ...Array.from(program));
  const request = filterRequest(libc, new Uint8Array(words.buffer));
  return libc.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, request, request.length) === 0;
}

function openSocket(libc: Libc, name: string, promiscuous: boolean): Descriptor {
  if (!Link.exists(libc, name)) {
    throw new NetError(
      "ENODEV",
      `Cannot open ${name}: there is no such network interface; see those there are with: ip link`,
    );
  }
  // It hears nothing before it is bound.
  const fd = libc.socket(AF_PACKET, RAW, 0);
  if (fd < 0) throw socketError(name, libc.errno());
  const link = new Link(libc, name);
  try {
    if (!link.isEthernet()) throw new NetError("EINVAL", `Cannot open ${name}: it carries no Ethernet frames`);
    const index = link.index();
    const set = (level: number, option: number, ...value: number[]): boolean => {
      const bytes = new Uint8Array(Int32Array.from(value).buffer);
      return libc.setsockopt(fd, level, option, bytes, bytes.length) === 0;
    };
    // Only root may have more than the system's limit; the limit does too.
    set(SOL_SOCKET, SO_RCVBUFFORCE, BUFFER);
    set(SOL_SOCKET, SO_SNDBUFFORCE, BUFFER);
    // A `struct packet_mreq`: the interface, then the kind and the length of an address, of which there is none. What is for
    // groups is wanted in any case, for they are the stack's and not the kernel's.
    const mode = [index, promiscuous ? PACKET_MR_PROMISC : PACKET_MR_ALLMULTI, 0, 0] as const;
    // A `struct sockaddr_ll`: family and protocol, the latter in network byte order, then the interface.
    const address = new Uint8Array(20);
    address.set([AF_PACKET, 0, 0, ETH_P_ALL]);
    new DataView(address.buffer).setInt32(4, index, true);
    if (
      !set(SOL_PACKET, PACKET_VNET_HDR, 1) || !set(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1) ||
      !set(SOL_PACKET, PACKET_ADD_MEMBERSHIP, ...mode) || !attach(libc, fd, ACCEPT) ||
      libc.bind(fd, address, address.length) < 0
    ) throw socketError(name, libc.errno());
    return { fd, name, mtu: link.configure({ up: false }), offload: true };
  } catch (error) {
    libc.close(fd);
    throw error;
  } finally {
    link.close();
  }
}
