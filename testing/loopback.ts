/**
 * Recordings of a host that talks to itself, as on 127.0.0.1: client and server get addresses of their own.
 *
 * @module
 */

import { foldChecksum, sumBytes } from "../core/checksum.ts";
import { LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2, LINKTYPE_RAW } from "../core/capture/link_type.ts";
import { Headers } from "../drivers/replay/headers.ts";
import { readAddress } from "../drivers/replay/rewrite.ts";
import { type ReplaySource, type SourcePacket, toMedium } from "../drivers/replay/source.ts";

const SYN = 2;
const ACK = 16;
/** The type of packets that leave, in Linux's cooked headers. */
const OUTGOING = 4;
/** What the server and the client are called: addresses for documentation (RFC 5737, RFC 3849), of both families. */
const NAMES = { 4: ["192.0.2.1", "192.0.2.2"], 6: ["2001:db8::1", "2001:db8::2"] } as const;

/** A recording in which no two hosts share an address. */
export interface Separated<S> {
  /** The recording; itself when nothing was to be done. */
  readonly recording: S;
  /** What the server at a shared address is called now, by that address. */
  readonly servers: ReadonlyMap<string, string>;
}

/**
 * Gives client and server addresses of their own where they share one: 192.0.2.1 or 2001:db8::1 to the server, which is the end
 * that is called, and 192.0.2.2 or 2001:db8::2 to the client. Their ports and what they say stay as recorded.
 *
 * @param recording The recording; it stays as it is.
 */
export function separate<S extends ReplaySource>(recording: S): Separated<S> {
  const servers = new Map<string, string>();
  const ports: ServerPorts = new Map();
  const packets: SourcePacket[] = [];
  for (const packet of recording.packets) {
    const linkType = packet.linkType ?? recording.linkType;
    const carried = toMedium(packet.bytes, linkType, "ip");
    const headers = new Headers();
    if (carried) headers.read(carried, 0, carried.length, "ip");
    if (!carried || headers.network < 0 || headers.source !== headers.destination) {
      packets.push(packet);
      continue;
    }
    // Linux's device "any" records what a host says to itself when it leaves, and when it comes.
    if (leaves(packet.bytes, linkType)) continue;
    const address = headers.source;
    const bytes = carried.slice();
    headers.read(bytes, 0, bytes.length, "ip").finishOffloaded();
    const server = sentByServer(headers, ports);
    if (server === null) continue;
    rename(headers, server);
    servers.set(address, NAMES[headers.version === 4 ? 4 : 6][0]);
    const missing = packet.length - packet.bytes.length;
    packets.push({ ...packet, bytes, length: bytes.length + missing, linkType: LINKTYPE_RAW });
  }
  return servers.size === 0 ? { recording, servers } : { recording: { ...recording, packets }, servers };
}

function leaves(bytes: Uint8Array, linkType: number): boolean {
  if (linkType === LINKTYPE_LINUX_SLL) return bytes[1] === OUTGOING;
  return linkType === LINKTYPE_LINUX_SLL2 && bytes[10] === OUTGOING;
}

/** The server's port of each conversation: by protocol and both ports, the lower first. */
type ServerPorts = Map<string, number>;

/** Whether the server sent a packet; null when that cannot be told. */
function sentByServer(headers: Headers, ports: ServerPorts): boolean | null {
  if (headers.isIcmp) {
    const type = headers.bytes[headers.transport]!;
    if (type === 8 || type === 128) return false;
    return type === 0 || type === 129 ? true : null;
  }
  if (!headers.isCutTcp && !headers.isUdp) return null;
  const { sourcePort, destinationPort } = headers;
  if (sourcePort === destinationPort) return null;
  const key = `${headers.protocol} ${[sourcePort, destinationPort].sort((a, b) => a - b)}`;
  const opening = headers.isCutTcp ? headers.flags & (SYN | ACK) : 0;
  let port = ports.get(key);
  if (port === undefined || opening === SYN) {
    port = opening === (SYN | ACK) ? sourcePort : destinationPort;
    ports.set(key, port);
  }
  return sourcePort === port;
}

type Ends = [server: Uint8Array, client: Uint8Array];

/** Writes the new addresses; a checksum that was wrong stays so. */
function rename(headers: Headers, fromServer: boolean): void {
  const { bytes, network, transport, end } = headers;
  const sum = headers.isIcmp && headers.version === 4 ? 0 : headers.pseudoSum();
  const right = !headers.cut && foldChecksum(sumBytes(bytes, transport, end, sum)) === 0;
  const [server, client] = NAMES[headers.version === 4 ? 4 : 6].map((name) => readAddress(name).bytes) as Ends;
  const at = network + (headers.version === 4 ? 12 : 8);
  bytes.set(fromServer ? server : client, at);
  bytes.set(fromServer ? client : server, at + server.length);
  headers.finishNetwork();
  if (right) headers.finish();
}
