// Ethernet frames for conformance cases: addresses, groups, ARP messages.

import { HOST6 } from "./wire.ts";

export const ARP = 0x0806;
export const IPV4 = 0x0800;
export const IPV6 = 0x86dd;
export const ALL = [255, 255, 255, 255, 255, 255];
export const NOBODY = [0, 0, 0, 0, 0, 0];
export const ANY6: number[] = new Array(16).fill(0);
export const ALL_NODES = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

/** Addresses that nobody has. */
export const OTHER = [10, 1, 0, 254];
export const OTHER6 = [...HOST6.slice(0, 14), 0xee, 0xee];
export const OTHER_MAC = [2, 0, 0, 0, 9, 9];

/** What a frame says. */
export interface Frame {
  readonly to: string;
  readonly from: string;
  readonly type: number;
  readonly payload: Uint8Array;
  readonly at: number;
}

/** What an ARP message says. */
export interface ArpSent {
  readonly operation?: number;
  readonly senderMac?: readonly number[];
  readonly sender?: readonly number[];
  readonly targetMac?: readonly number[];
  readonly target?: readonly number[];
  readonly hardware?: number;
  readonly protocol?: number;
  readonly lengths?: number;
  readonly size?: number;
  readonly to?: readonly number[];
}

export function arpMessage(sent: Required<Omit<ArpSent, "to" | "size">>): Uint8Array {
  const head = [sent.hardware >> 8, sent.hardware & 255, sent.protocol >> 8, sent.protocol & 255];
  return Uint8Array.from([
    ...head,
    ...[sent.lengths >> 8, sent.lengths & 255, sent.operation >> 8, sent.operation & 255],
    ...[...sent.senderMac, ...sent.sender, ...sent.targetMac, ...sent.target],
  ]);
}

export function hex(bytes: ArrayLike<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** The group of those who may have an address (RFC 4291, 2.7.1). */
export function solicitedNode(address: readonly number[]): number[] {
  return [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ...address.slice(13)];
}

/** The MAC address of a group (RFC 1112, 6.4; RFC 2464, 7). */
export function groupMac(group: readonly number[]): number[] {
  return group.length === 16 ? [0x33, 0x33, ...group.slice(12)] : [1, 0, 0x5e, group[1]! & 127, group[2]!, group[3]!];
}

/** Whether a frame bears a neighbour advertisement. */
export function isAdvertisement({ type, payload }: Frame): boolean {
  return type === IPV6 && payload[6] === 58 && payload[40] === 136;
}

/** Whether a frame bears the reply to an echo over IPv6. */
export function isEchoReply6({ type, payload }: Frame): boolean {
  return type === IPV6 && payload[6] === 58 && payload[40] === 129;
}
