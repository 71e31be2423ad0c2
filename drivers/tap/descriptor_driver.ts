/**
 * A driver of packets that the kernel gives and takes through a descriptor: of a TAP or TUN device, or of a packet socket.
 *
 * @module
 */

import { type Driver, type Medium, NO_OFFLOAD, type Offload } from "../../core/driver.ts";
import { HEADROOM, type Packet } from "../../core/packet.ts";
import type { Libc, Pointer } from "./libc.ts";
import { TapCounters } from "./options.ts";
import { OFFLOAD, readOffload, writeOffload } from "./offload.ts";
import { Waiter } from "./waiter.ts";

/** Bytes that a frame may have beyond the MTU: an Ethernet header and one VLAN tag. */
const FRAME_HEADERS = 18;
/** 32-bit words of a `struct iovec`: an address, a length, each of 64 bits. */
const VECTOR = 4;
/** Where the vectors lie of what is received: of the offload's header, the packet, and a byte behind it. */
const IN = 0;
/** Where the vectors lie of what is sent: of the offload's header, and the packet. */
const OUT = 12;
/** Where the words lie that these point to: the byte behind, then a `struct virtio_net_hdr` for each way. */
const SPARE = 20;
/** Bytes of a `struct virtio_net_hdr`. */
const HEADER = 10;
/** 2^-32, as a literal, for a bundler keeps what it must compute. */
const HIGH = 2.3283064365386963e-10;
const EINTR = 4;
const EIO = 5;
const EBADF = 9;
const EAGAIN = 11;
const ENOMEM = 12;
const ENXIO = 6;
const EBADFD = 77;
const ENETDOWN = 100;
const ENOBUFS = 105;

/** A descriptor, open, and what is behind it. */
export interface Descriptor {
  /** It does not block. */
  readonly fd: number;
  /** The name of the network interface. */
  readonly name: string;
  /** Bytes of the largest packet, without the Ethernet header. */
  readonly mtu: number;
  /** Whether a `struct virtio_net_hdr` goes before every packet, both ways. */
  readonly offload: boolean;
}

/** A `struct sock_fprog`: how many instructions there are, and where, in 64 bits. The kernel copies them within the call. */
export function filterRequest(libc: Libc, program: Uint8Array): Uint8Array {
  const at = libc.address(program);
  return new Uint8Array(Uint32Array.of(program.length / 8, 0, at, at * HIGH).buffer);
}

/** Packets through a descriptor. Nothing throws. */
export abstract class DescriptorDriver<M extends Medium> implements Driver<M> {
  /** The name of the network interface. */
  readonly name: string;
  /** What it carries. */
  readonly medium: M;
  /** Bytes of the largest packet, without the Ethernet header. */
  readonly mtu: number;
  /** Checksums and segmentation where the options say so, or none. */
  readonly offload: Offload;
  /** What passed. */
  readonly counters: TapCounters = new TapCounters();
  readonly #libc: Libc;
  readonly #readv: (fd: number, vectors: Pointer, count: number) => number;
  readonly #writev: (fd: number, vectors: Pointer, count: number) => number;
  readonly #waiter: Waiter;
  readonly #largest: number;
  /**
   * The kernel reads and writes packets where they lie, through vectors at an address that stays: measured, that is faster
   * than a copy to a buffer that stays (writev 470 ns, write and copy 530 ns for 1514 bytes). The received packet's vector
   * is followed by one of a single byte, which tells that a packet was too large. Without offload the first vector of each
   * way is left out.
   */
  readonly #vectors: Uint32Array<ArrayBuffer> = new Uint32Array(SPARE + 8);
  /** What the kernel says of the packet that was received, and we of the one that is sent; null without offload. */
  readonly #said: Uint16Array<ArrayBuffer> | null;
  readonly #saying: Uint16Array<ArrayBuffer>;
  readonly #incoming: Pointer;
  readonly #outgoing: Pointer;
  #fd: number;
  /** The packet that the vector of what is received points to: the loop receives into the same one every time. */
  #target: Packet | null = null;
  #filtered: boolean = false;

  /**
   * Takes an open descriptor.
   *
   * @param library The C library.
   * @param medium What it carries.
   * @param device The descriptor.
   * @param event One that `eventfd` made, to end waits.
   */
  constructor(library: Libc, medium: M, device: Descriptor, event: number) {
    this.#libc = library;
    this.#fd = device.fd;
    this.name = device.name;
    this.medium = medium;
    this.mtu = device.mtu;
    this.offload = device.offload ? OFFLOAD : NO_OFFLOAD;
    this.#largest = Math.max(device.mtu + (medium === "ethernet" ? FRAME_HEADERS : 0), this.offload.segmentation);
    this.#readv = library.readv;
    this.#writev = library.writev;
    this.#waiter = new Waiter(library, device.fd, event, () => this.troubled());
    const vectors = this.#vectors;
    const { buffer } = vectors;
    const skipped = device.offload ? 0 : VECTOR * 4;
    this.#incoming = library.pointer(new Uint8Array(buffer, IN * 4 + skipped));
    this.#outgoing = library.pointer(new Uint8Array(buffer, OUT * 4 + skipped));
    this.#said = device.offload ? new Uint16Array(buffer, (SPARE + 1) * 4, HEADER / 2) : null;
    this.#saying = new Uint16Array(buffer, (SPARE + 4) * 4, HEADER / 2);
    const spare = library.address(new Uint8Array(buffer, SPARE * 4));
    this.#point(IN, spare + 4, HEADER);
    this.#point(IN + 2 * VECTOR, spare, 1);
    this.#point(OUT, spare + 16, HEADER);
  }

  /** Sets a vector. Storing cuts each number to its low 32 bits. */
  #point(vector: number, address: number, size: number): void {
    const vectors = this.#vectors;
    vectors[vector] = address;
    vectors[vector + 1] = address * HIGH;
    vectors[vector + 2] = size;
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.#fd < 0;
  }

  /** Fills an empty packet with the next one received. */
  receive(packet: Packet): boolean {
    if (packet !== this.#target) this.#aim(packet);
    const said = this.#said;
    let size = this.#readv(this.#fd, this.#incoming, said ? 3 : 2);
    if (size <= 0) {
      if (size < 0) this.#readFailed();
      return false;
    }
    if (said) {
      size -= HEADER;
      readOffload(said, packet);
    }
    if (size > this.#vectors[IN + VECTOR + 2]!) {
      // The MTU of the link was raised behind our back. What comes next is found in the next turn.
      this.counters.oversized++;
      return false;
    }
    packet.end = HEADROOM + size;
    this.counters.received++;
    return true;
  }

  /** Points the vector of what is received at a packet. */
  #aim(packet: Packet): void {
    this.#target = packet;
    const at = (packet.address || this.#locate(packet)) + HEADROOM;
    this.#point(IN + VECTOR, at, Math.min(this.#largest, packet.bytes.length - HEADROOM));
  }

  #locate(packet: Packet): number {
    return packet.address = this.#libc.address(packet.bytes);
  }

  #readFailed(): void {
    const errno = this.#libc.errno();
    if (errno === EBADFD && this.#fd >= 0) this.troubled();
  }

  /** Sends a packet's window; false when the kernel did not take it, which the counters tell by reason. */
  transmit(packet: Packet): boolean {
    const size = packet.end - packet.start;
    if (size > this.#largest) {
      this.counters.oversized++;
      return false;
    }
    this.#point(OUT + VECTOR, (packet.address || this.#locate(packet)) + packet.start, size);
    if (this.#said) writeOffload(this.#saying, packet);
    if (this.#writev(this.#fd, this.#outgoing, this.#said ? 2 : 1) < 0) return this.#writeFailed();
    this.counters.sent++;
    return true;
  }

  #writeFailed(): boolean {
    const counters = this.counters;
    switch (this.#libc.errno()) {
      case EINTR:
        // The vectors still stand.
        if (this.#writev(this.#fd, this.#outgoing, this.#said ? 2 : 1) >= 0) {
          counters.sent++;
          return true;
        }
        counters.full++;
        break;
      case EIO:
      case ENETDOWN:
        counters.down++;
        break;
      case EAGAIN:
      case ENOMEM:
      case ENOBUFS:
        counters.full++;
        break;
      case EBADFD:
        this.troubled();
        counters.lost++;
        break;
      case EBADF:
      case ENXIO:
        counters.lost++;
        break;
      default:
        counters.refused++;
    }
    return false;
  }

  /** Lets only frames through that a program of classic BPF takes. */
  filter(program: Uint8Array): boolean {
    if (this.#fd < 0) return false;
    this.#filtered = program.length > 0 && this.setFilter(this.#libc, this.#fd, program);
    // The one before must not stay: it lets through what was wanted then.
    if (!this.#filtered) this.setFilter(this.#libc, this.#fd, null);
    return this.#filtered;
  }

  /**
   * Attaches a program, or takes it away; says whether the kernel did.
   *
   * @internal
   */
  protected abstract setFilter(libc: Libc, fd: number, program: Uint8Array | null): boolean;

  /** Hears that the kernel reports trouble with the descriptor. */
  protected abstract troubled(): void;

  /** Waits for the descriptor no more: `poll` would return at once for ever. */
  protected forget(): void {
    this.#waiter.forget();
  }

  /** No limit: the kernel handles a packet while it is written. */
  room(): number {
    return Infinity;
  }

  /** Nothing: every packet went out at once. */
  flush(): void {}

  /** Waits until there is a packet to receive or `ms` have passed; whole milliseconds, rounded up. */
  wait(ms: number): Promise<void> {
    return this.#waiter.wait(ms);
  }

  /** Ends a wait that is under way, now. */
  wake(): void {
    this.#waiter.wake();
  }

  /** Lets go of the descriptor. */
  close(): void {
    if (this.#fd < 0) return;
    const fd = this.#fd;
    // A TAP device that stays would keep it.
    if (this.#filtered) this.filter(new Uint8Array(0));
    this.#fd = -1;
    this.#waiter.close();
    this.#libc.close(fd);
  }
}
