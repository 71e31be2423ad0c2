/**
 * What follows a header, as one number: which table it is looked up in, and its number there.
 *
 * @module
 */

import type { Fragments } from "./fragments.ts";
import type { Frame, Network } from "./frame.ts";
import type { Window } from "./window.ts";

/** Nothing that is read. */
export const NOTHING = 0;
/** A protocol with an EtherType, in the lower 16 bits. */
export const ETHER_TYPE = 0x10000;
/** A protocol with a number of IP's, in the lower 8 bits. */
export const IP_PROTOCOL = 0x20000;
/** An Ethernet frame. */
export const ETHERNET = 0x30000;
/** An IP packet of the version that it tells. */
export const IP = 0x40000;
/** An IEEE 802.2 LLC header. */
export const LLC = 0x50000;

/** A frame of PPP, in the manner of HDLC or without its address and control. */
export const PPP = 0x60000;

/** What the readers of headers share. */
export interface Dissection {
  /** What is found. */
  readonly frame: Frame;
  /** What the next reader sees. */
  readonly window: Window;
  /** The last IP header that was read. */
  readonly network: Network;
  /** Datagrams of which fragments are missing. */
  readonly fragments: Fragments;
  /** The number of the innermost VLAN so far; 0 outside of any. */
  vlan: number;
}
