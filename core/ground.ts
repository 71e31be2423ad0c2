/**
 * The lowest layer of a stack: turns what its driver receives over to the first protocols.
 *
 * @module
 */

import type { Driver, Link, LinkReceiver, Neighbour, Receiver, Wire } from "./driver.ts";

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
  const { driver } = loop;
  const receivers: Record<number, LinkReceiver> = {};
  const neighbour: Neighbour = { live: true, transmit: (packet) => driver.transmit(packet) };
  const nothing = (): void => {};
  const link = (version: number): Link<unknown> => ({
    mtu: driver.mtu,
    attach: (receiver) => void (receivers[version] = receiver),
    neighbour: () => neighbour,
    claim: () => true,
    release: nothing,
    join: nothing,
    leave: nothing,
  });
  loop.attach({
    receive(packet) {
      if (packet.length > 0) receivers[packet.u8(0) >> 4]?.receive(packet);
    },
  });
  return { link: link(4), link6: link(6) };
}
