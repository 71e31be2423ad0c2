/**
 * What tshark makes of a capture, under the keys of `inspect --json`. Run alone it writes golden.json.gz, which stands in for
 * tshark where that is not installed.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { GROUPS } from "../../testing/dissect/fields.ts";

/** A frame: values by key. */
export type FrameFields = Record<string, unknown>;

const HERE = import.meta.dirname!;
const GOLDEN = join(HERE, "golden.json.gz");
const FIELDS = new Map(GROUPS.flatMap(({ fields }) => fields).map((field) => [field.name, field]));
/** What the frame says of itself. */
const OF_FRAME: Readonly<Record<string, string>> = {
  "frame.number": "n",
  "frame.cap_len": "cap",
  "frame.len": "len",
  "frame.time_epoch": "ts",
};
const PREFERENCES = [
  "ip.check_checksum:TRUE",
  "tcp.check_checksum:TRUE",
  "udp.check_checksum:TRUE",
  "ip.defragment:TRUE",
  "ipv6.defragment:TRUE",
  "tcp.relative_sequence_numbers:FALSE",
];

/** The captures of this folder. */
export function captures(): string[] {
  return readdirSync(HERE).filter((name) => /\.pcap(ng)?$/.test(name)).sort();
}

/** Reads a capture with tshark. */
export function tsharkFrames(path: string): FrameFields[] {
  const options = PREFERENCES.flatMap((preference) => ["-o", preference]);
  const layers = "frame eth vlan arp ip ipv6 ipv6.fraghdr icmp icmpv6 udp udplite tcp";
  const { stdout } = spawnSync("tshark", ["-n", "-r", path, "-T", "pdml", "-J", layers, ...options], {
    encoding: "latin1",
    maxBuffer: 1 << 30,
  });
  return stdout.split("<packet>").slice(1).map(readPacket);
}

/** Reads capture bytes with tshark. */
export function tsharkBytes(bytes: Uint8Array): FrameFields[] {
  const folder = mkdtempSync(join(tmpdir(), "bonsai-tshark-"));
  try {
    const path = join(folder, "capture");
    writeFileSync(path, bytes);
    return tsharkFrames(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Reads a packet of PDML: of each protocol its outermost header. Headers within others, such as those that ICMP quotes, are
 * nested there; only the extension headers of IPv6 belong to it all the same.
 */
function readPacket(text: string): FrameFields {
  const frame: FrameFields = {};
  const open: string[] = [];
  let fresh = new Set<string>();
  for (const [, end, tag, attributes = "", single] of text.matchAll(/<(\/?)(proto|field)\b([^>]*?)(\/?)>/g)) {
    if (tag === "proto") {
      if (end) open.pop();
      else {
        const name = attribute(attributes, "name");
        // VLANs stand one in the other: their numbers belong together.
        if (open.length === 0) fresh = new Set(name === "vlan" ? ["vlan.id"] : []);
        if (!single) open.push(name);
      }
    } else if (!end && (open.length === 1 || open.slice(1).every((name) => name.startsWith("ipv6.")))) {
      readField(frame, attributes, fresh);
    }
  }
  for (const [key, value] of Object.entries(frame)) {
    if (Array.isArray(value) && value.length === 1) frame[key] = value[0];
  }
  return frame;
}

function readField(frame: FrameFields, attributes: string, fresh: Set<string>): void {
  const name = attribute(attributes, "name");
  const show = attribute(attributes, "show");
  const own = OF_FRAME[name];
  if (own) {
    if (show !== "") frame[own] = own === "ts" ? show : Number(show);
    return;
  }
  const field = FIELDS.get(name);
  if (!field || name in frame && !fresh.has(name)) return;
  fresh.add(name);
  switch (field.kind) {
    case "list":
      ((frame[name] ??= []) as number[]).push(Number(show));
      break;
    case "number":
      frame[name] ??= show === "True" ? 1 : show === "False" ? 0 : Number(show);
      break;
    case "bytes": {
      const value = attribute(attributes, "value");
      if (value !== "") frame[name] ??= value;
      break;
    }
    default:
      frame[name] ??= show;
  }
}

function attribute(text: string, name: string): string {
  return new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(text)?.[1] ?? "";
}

/** What tshark made of the captures of this folder when they were recorded. */
export function golden(): Record<string, FrameFields[]> {
  return JSON.parse(gunzipSync(readFileSync(GOLDEN)).toString());
}

if (import.meta.main) {
  const all = Object.fromEntries(captures().map((name) => [name, tsharkFrames(join(HERE, name))]));
  writeFileSync(GOLDEN, gzipSync(JSON.stringify(all), { level: 9 }));
}
