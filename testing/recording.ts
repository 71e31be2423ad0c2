/**
 * Finds out what a recording is about: its file, and who is played by whom.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { readRecording, type ReplaySource } from "../drivers/replay.ts";
import { toMedium } from "../drivers/replay/source.ts";
import { type FieldValue, packetFields } from "./dissect/packet_fields.ts";

/** Who speaks in a recording. */
export interface Cast {
  /** The address that is played live. */
  readonly as: string;
  /** The addresses of all hosts that spoke with it. */
  readonly peers: string[];
  /** The TCP ports on which it was called, in order. */
  readonly ports: number[];
}

/** A recording, and what is wrong with its file. */
export interface LoadedRecording extends ReplaySource {
  /** What is wrong with the file, in a sentence; null when nothing is. */
  readonly fault: string | null;
}

/**
 * Reads a recording.
 *
 * @param file A path, the bytes of a file, or packets.
 * @returns The recording; a damaged file gives every packet up to the damage.
 */
export function loadRecording(file: string | URL | Uint8Array | ReplaySource): LoadedRecording {
  if (typeof file === "object" && "packets" in file) return { fault: null, ...file };
  let bytes: Uint8Array = file instanceof Uint8Array ? file : readFileSync(file);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) bytes = gunzipSync(bytes);
  const recording = readRecording(bytes);
  return { ...recording, fault: recording.error?.message ?? null };
}

/**
 * Tells who speaks.
 *
 * @param recording The recording.
 * @param as Who is played live; the first host that is called, when left out.
 * @returns The cast.
 * @throws {TypeError} When there are no packets, nobody is called, or the host does not take part.
 */
export function castOf(recording: ReplaySource, as?: string): Cast {
  if (recording.packets.length === 0) throw new TypeError("replay(): there are no packets in this recording");
  const peers = new Set<string>();
  const ports = new Set<number>();
  let local = as;
  for (const packet of recording.packets) {
    const bytes = toMedium(packet.bytes, packet.linkType ?? recording.linkType, "ip");
    if (!bytes) continue;
    const fields = packetFields(bytes, "ip");
    const [source, target] = addresses(fields);
    if (source === undefined || target === undefined) continue;
    // What a host says to itself, and is no conversation of two.
    if (source === target) continue;
    if (local === undefined && calls(fields)) local = target;
    if (source === local) peers.add(target);
    if (target !== local) continue;
    peers.add(source);
    if (fields.get("tcp.flags.str") === "S") ports.add(fields.get("tcp.dstport") as number);
  }
  if (local === undefined) throw new TypeError("replay(): nobody is called in this recording: say whom to play");
  if (peers.size === 0) throw new TypeError(`replay(): ${local} takes no part in this recording`);
  return { as: local, peers: [...peers], ports: [...ports] };
}

function addresses(fields: ReadonlyMap<string, FieldValue>): (string | undefined)[] {
  return ["src", "dst"].map((way) => (fields.get(`ip.${way}`) ?? fields.get(`ipv6.${way}`)) as string | undefined);
}

function calls(fields: ReadonlyMap<string, FieldValue>): boolean {
  if (fields.has("tcp.flags.str")) return fields.get("tcp.flags.str") === "S";
  return fields.has("udp.dstport") || fields.get("icmp.type") === 8 || fields.get("icmpv6.type") === 128;
}
