/**
 * The lowest layer of a stack: turns what its driver receives over to the first protocols.
 *
 * @module
 */

import type { Driver, Link, LinkReceiver, Neighbour, Receiver, Wire } from "./driver.ts";
import type { Packet } from "./packet.ts";

/** A loop, as the lowest layer sees it. */
export interface GroundLoop {
  /** Where packets leave. */
  readonly driver: Driver;
  /** Names who reads the packets. */
  attach(receiver: Receiver): void;
}

/**
 * Ethernet frames, straight from and to a driver that carries them.
 *
 * @param loop The loop.
 * @returns What the first protocols find, by name.
 */
export function wireGround(loop: GroundLoop): { wire: Wire } {
  const { driver } = loop;
  return {
    wire: {
      mtu: driver.mtu,
      attach: (receiver) => loop.attach(receiver),
      transmit: (packet) => driver.transmit(packet),
    },
  };
}

/**
 * Bare IP packets, straight from and to a driver that carries them: every host is the neighbour at the other end.
 *
 * @param loop The loop.
 * @returns What the first protocols find, by name.
 */
export function ipGround(loop: GroundLoop): { link: Link<unknown>; link6: Link<unknown> } {
  const link = new IpLink(loop.driver);
  const link6 = new IpLink(loop.driver);
  const links: Readonly<Record<number, IpLink>> = { 4: link, 6: link6 };
  loop.attach({
    receive(packet) {
      if (packet.length > 0) links[packet.u8(0) >> 4]?.receiver?.receive(packet);
    },
  });
  return { link, link6 };
}

/** One family's end of bare IP; its own only neighbour. */
class IpLink implements Link<unknown>, Neighbour {
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
