/**
 * What stack and kernel leave to each other: a `struct virtio_net_hdr` goes before every packet, both ways (VIRTIO 1.2,
 * 5.1.6). Its 10 bytes are five words of the host's here, of which the first holds two bytes: flags, and the kind of what is
 * uncut.
 *
 * @module
 */

import type { Offload } from "../../core/driver.ts";
import type { Packet } from "../../core/packet.ts";

/** The packet's transport checksum is to be finished, from a place on, at another one. */
const NEEDS_CSUM = 1;
/** The packet's checksums are right. */
const DATA_VALID = 2;
/** Kinds of what is uncut: TCP over IPv4, and over IPv6. */
const TCPV4 = 1 << 8;
const TCPV6 = 4 << 8;
/** Datagrams of UDP, sent as one (`UDP_SEGMENT`) by a host of this machine. */
const UDP_DATAGRAMS = 5;
const PROTOCOL_TCP = 6;
/** Where the checksum lies in the header of TCP, and of UDP. */
const TCP_CHECKSUM = 16;
const UDP_CHECKSUM = 6;

/** What a device does for the stack then: the largest packet is that of IP, in a frame with a VLAN tag. */
export const OFFLOAD: Offload = { receiveChecksum: true, transmitChecksum: true, segmentation: 65_553 };

/**
 * Reads what the kernel says of a packet: whether its transport checksum needs no look, because it never left this machine
 * or was checked before, and whether it holds several datagrams.
 *
 * @param header The header.
 * @param packet The packet.
 */
export function readOffload(header: Uint16Array, packet: Packet): void {
  packet.verified = (header[0]! & (NEEDS_CSUM | DATA_VALID)) !== 0;
  if (header[0]! >> 8 === UDP_DATAGRAMS) packet.segment = header[2]!;
}

/**
 * Tells the kernel what is left to do with a packet.
 *
 * @param header The header.
 * @param packet The packet of TCP or UDP; or any other one, with nothing left to do.
 */
export function writeOffload(header: Uint16Array, packet: Packet): void {
  if (!packet.verified) {
    header[0] =
      header[1] =
      header[2] =
      header[3] =
      header[4] =
        0;
    return;
  }
  const { bytes, start, network, transport, segment } = packet;
  const ipv6 = bytes[network]! >> 4 === 6;
  const tcp = bytes[network + (ipv6 ? 6 : 9)] === PROTOCOL_TCP;
  header[0] = NEEDS_CSUM | (segment === 0 ? 0 : ipv6 ? TCPV6 : TCPV4);
  // All headers, of which each segment gets a copy.
  header[1] = segment === 0 ? 0 : transport - start + (bytes[transport + 12]! >> 4 << 2);
  header[2] = segment;
  header[3] = transport - start;
  header[4] = tcp ? TCP_CHECKSUM : UDP_CHECKSUM;
}
