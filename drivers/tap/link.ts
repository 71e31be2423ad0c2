/**
 * The kernel's end of a link, set up as `ip link` and `ip address` do it, without running them.
 *
 * @module
 */

import { type Ipv4Cidr, parseIpv4Cidr } from "../../core/ipv4_address.ts";
import { type Ipv6Cidr, parseIpv6Cidr } from "../../core/ipv6_address.ts";
import { setI32 } from "../../core/packet.ts";
import { linkError } from "./errors.ts";
import type { Libc } from "./libc.ts";
import type { TapOptions } from "./options.ts";

const AF_INET = 2;
const AF_INET6 = 10;
/** `SOCK_DGRAM | SOCK_CLOEXEC`. */
const DATAGRAMS = 0x2 | 0x80000;
const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const SIOCGIFADDR = 0x8915;
const SIOCSIFADDR = 0x8916;
const SIOCGIFNETMASK = 0x891b;
const SIOCSIFNETMASK = 0x891c;
const SIOCGIFMTU = 0x8921;
const SIOCSIFMTU = 0x8922;
const SIOCGIFHWADDR = 0x8927;
const SIOCGIFINDEX = 0x8933;
/** `ARPHRD_ETHER`. */
const HARDWARE_ETHERNET = 1;
const IFF_UP = 1;
const EEXIST = 17;
const EPERM = 1;

/** A network interface of the kernel. */
export class Link {
  readonly #libc: Libc;
  readonly #name: string;
  readonly #socket: number;
  /** A `struct ifreq`: 16 bytes of name, then what the request is about. */
  readonly #request: Uint8Array = new Uint8Array(40);
  readonly #view: DataView = new DataView(this.#request.buffer);

  /**
   * Names an interface.
   *
   * @param libc The C library.
   * @param name Its name.
   * @throws {NetError} When the kernel gives no socket.
   */
  constructor(libc: Libc, name: string) {
    this.#libc = libc;
    this.#name = name;
    this.#request.set(new TextEncoder().encode(name));
    this.#socket = libc.socket(AF_INET, DATAGRAMS, 0);
    if (this.#socket < 0) throw linkError(name, libc.errno(), "configure", "");
  }

  /**
   * Tells whether there is an interface of this name.
   *
   * @param libc The C library.
   * @param name The name.
   * @returns Whether it exists.
   */
  static exists(libc: Libc, name: string): boolean {
    const link = new Link(libc, name);
    try {
      return libc.ioctl(link.#socket, SIOCGIFINDEX, link.#request) === 0;
    } finally {
      link.close();
    }
  }

  /**
   * Sets MTU and addresses and switches the link on; what is so already is left alone, so that a link that was made ready
   * needs no rights.
   *
   * @param options What to set.
   * @returns Bytes of the largest packet.
   * @throws {NetError} When the system refuses, in a sentence that says how to get the right.
   */
  configure(options: TapOptions): number {
    if (options.mtu !== undefined && options.mtu !== this.#mtu()) {
      this.#view.setInt32(16, options.mtu, true);
      this.#set(SIOCSIFMTU, "set the MTU of", `ip link set dev ${this.#name} mtu ${options.mtu}`);
    }
    if (options.host !== undefined) this.#setIpv4(options.host, parseIpv4Cidr(options.host));
    // An IPv6 address needs a link that is on; and where there is an address, a link that stays off is of no use.
    const wanted = options.host !== undefined || options.host6 !== undefined;
    if (options.up !== false) this.#switchOn(wanted);
    if (options.host6 !== undefined) this.#setIpv6(options.host6, parseIpv6Cidr(options.host6));
    return this.#mtu();
  }

  /** The number of the interface. */
  index(): number {
    this.#set(SIOCGIFINDEX, "find", "");
    return this.#view.getInt32(16, true);
  }

  /** Whether it carries Ethernet frames. */
  isEthernet(): boolean {
    this.#set(SIOCGIFHWADDR, "read the address of", "");
    return this.#view.getUint16(16, true) === HARDWARE_ETHERNET;
  }

  /** Lets go of the socket. */
  close(): void {
    this.#libc.close(this.#socket);
  }

  #mtu(): number {
    this.#set(SIOCGIFMTU, "read the MTU of", "");
    return this.#view.getInt32(16, true);
  }

  #switchOn(wanted: boolean): void {
    this.#set(SIOCGIFFLAGS, "read the state of", "");
    const flags = this.#view.getUint16(16, true);
    if (flags & IFF_UP) return;
    this.#view.setUint16(16, flags | IFF_UP, true);
    if (this.#libc.ioctl(this.#socket, SIOCSIFFLAGS, this.#request) === 0) return;
    const errno = this.#libc.errno();
    // Whoever made the link for us may mean to switch it on later.
    if (errno === EPERM && !wanted) return;
    throw linkError(this.#name, errno, "switch on", `ip link set dev ${this.#name} up`);
  }

  #setIpv4(text: string, cidr: Ipv4Cidr): void {
    if (this.#ipv4(SIOCGIFADDR) === cidr.address && this.#ipv4(SIOCGIFNETMASK) === cidr.mask) return;
    const command = `ip address add ${text} dev ${this.#name}`;
    this.#putIpv4(cidr.address);
    this.#set(SIOCSIFADDR, `give ${text} to`, command);
    this.#putIpv4(cidr.mask);
    this.#set(SIOCSIFNETMASK, `give ${text} to`, command);
  }

  /** Writes a `struct sockaddr_in` into the request. */
  #putIpv4(address: number): void {
    this.#request.fill(0, 16);
    this.#view.setUint16(16, AF_INET, true);
    setI32(this.#request, 20, address);
  }

  /** Reads an address of the link; 0 when it has none. */
  #ipv4(what: number): number {
    this.#putIpv4(0);
    return this.#libc.ioctl(this.#socket, what, this.#request) < 0 ? 0 : this.#view.getInt32(20, false);
  }

  #setIpv6(text: string, cidr: Ipv6Cidr): void {
    const index = this.index();
    // A `struct in6_ifreq`: address, prefix, interface.
    const request = new Uint8Array(24);
    cidr.address.write(request, 0);
    new DataView(request.buffer).setUint32(16, cidr.prefix, true);
    new DataView(request.buffer).setInt32(20, index, true);
    const socket = this.#libc.socket(AF_INET6, DATAGRAMS, 0);
    const failed = socket < 0 || this.#libc.ioctl(socket, SIOCSIFADDR, request) < 0;
    const errno = failed ? this.#libc.errno() : 0;
    if (socket >= 0) this.#libc.close(socket);
    if (!failed || errno === EEXIST) return;
    throw linkError(this.#name, errno, `give ${text} to`, `ip address add ${text} dev ${this.#name} nodad`);
  }

  #set(request: number, what: string, command: string): void {
    if (this.#libc.ioctl(this.#socket, request, this.#request) === 0) return;
    throw linkError(this.#name, this.#libc.errno(), what, command);
  }
}
