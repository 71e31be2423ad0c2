/**
 * The lowest layer of a stack: turns what its driver receives over to the first protocols.
 *
 * @module
 */

import type { Driver, Link, LinkReceiver, Neighbour, Receiver, Wire } from "./driver.ts";
import type { Packet } from "./packet.ts";

/** Reads what the driver received, and gives the first protocols what they stand on. */
export interface GroundLayer extends Receiver {
  /** What the first protocols find, by name. */
  readonly gives: object;
}

/** Ethernet frames, straight from and to a driver that carries them. */
export class WireGround implements GroundLayer, Wire {
  /** Bytes of the largest payload of a frame. */
  readonly mtu: number;
  /** What the first protocols find, by name. */
  readonly gives: { wire: Wire };
  readonly #driver: Driver;
  #receiver: Receiver | null = null;

  /**
   * Stands on a driver.
   *
   * @param driver The driver.
   */
  constructor(driver: Driver) {
    this.#driver = driver;
    this.mtu = driver.mtu;
    this.gives = { wire: this };
  }

  /** Names who reads the frames. */
  attach(receiver: Receiver): void {
    this.#receiver = receiver;
  }

  /** Sends one frame. */
  transmit(packet: Packet): boolean {
    return this.#driver.transmit(packet);
  }

  /** Reads one frame. */
  receive(packet: Packet): void {
    this.#receiver?.receive(packet);
  }
}

/** Bare IP packets, straight from and to a driver that carries them: every host is the neighbour at the other end. */
export class IpGround implements GroundLayer {
  /** What the first protocols find, by name. */
  readonly gives: { link: Link<unknown>; link6: Link<unknown> };
  readonly #ipv4: IpGroundLink;
  readonly #ipv6: IpGroundLink;

  /**
   * Stands on a driver.
   *
   * @param driver The driver.
   */
  constructor(driver: Driver) {
    this.#ipv4 = new IpGroundLink(driver);
    this.#ipv6 = new IpGroundLink(driver);
    this.gives = { link: this.#ipv4, link6: this.#ipv6 };
  }

  /** Reads one packet. */
  receive(packet: Packet): void {
    if (packet.length === 0) return;
    const version = packet.u8(0) >> 4;
    if (version === 4) this.#ipv4.receiver?.receive(packet);
    else if (version === 6) this.#ipv6.receiver?.receive(packet);
  }
}

/** One family's end of an {@linkcode IpGround}; its own only neighbour. */
class IpGroundLink implements Link<unknown>, Neighbour {
  readonly mtu: number;
  readonly live: boolean = true;
  readonly #driver: Driver;
  receiver: LinkReceiver | null = null;

  constructor(driver: Driver) {
    this.#driver = driver;
    this.mtu = driver.mtu;
  }

  attach(receiver: LinkReceiver): void {
    this.receiver = receiver;
  }

  neighbour(): Neighbour {
    return this;
  }

  transmit(packet: Packet): boolean {
    return this.#driver.transmit(packet);
  }

  claim(): boolean {
    return true;
  }
  release(): void {}
  join(): void {}
  leave(): void {}
}
