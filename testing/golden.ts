/**
 * Expects a stack to send what it sent when a golden recording was made.
 *
 * @module
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import process from "node:process";
import { linkTypeOf } from "../core/capture/link_type.ts";
import { DIRECTION_OUT, PcapngWriter } from "../core/capture/pcapng_writer.ts";
import type { Medium } from "../core/driver.ts";
import { readRecording } from "../drivers/replay.ts";
import { toMedium } from "../drivers/replay/source.ts";
import { describePacket } from "../plugins/trace.ts";
import { compareGolden, type GoldenDifference, type GoldenOptions, type SentPacket } from "./compare_golden.ts";
import { packetFields } from "./dissect/packet_fields.ts";
import { saveCapture } from "./record.ts";

/** How to compare with a golden recording. */
export interface ExpectGoldenOptions extends GoldenOptions {
  /** What the packets begin with; `"ip"` when left out. */
  readonly medium?: Medium;
  /** Whether the golden recording is written anew; when the environment variable `BONSAI_UPDATE` is set, if left out. */
  readonly update?: boolean;
  /** Where both captures go when they differ, as for `record`. */
  readonly folder?: string;
}

/** What was sent differs from the golden recording. */
export class GoldenError extends Error {
  /** Its kind. */
  override readonly name: string = "GoldenError";
  /** What differs. */
  readonly difference: GoldenDifference;

  /**
   * Makes an error.
   *
   * @param message What differs, with both packets.
   * @param difference The same, for programs.
   */
  constructor(message: string, difference: GoldenDifference) {
    super(message);
    this.difference = difference;
  }
}

/**
 * Expects packets to be those of a golden recording, which is written when there is none yet.
 *
 * A mismatch prints the two packets side by side, and writes both captures into the folder of `record`.
 *
 * @param sent What was sent, such as `driver.sent`.
 * @param golden The path of the golden pcapng or pcap file, or its packets.
 * @param options Which fields may differ, such as `{ ignore: ["ip.id", "tcp.options.timestamp"] }`.
 * @throws {GoldenError} When what was sent differs.
 */
export function expectGolden(
  sent: readonly SentPacket[],
  golden: string | readonly SentPacket[],
  options: ExpectGoldenOptions = {},
): void {
  const { medium = "ip", update = Boolean(process.env.BONSAI_UPDATE), folder, ignore, times } = options;
  if (typeof golden === "string" && (update || !existsSync(golden))) {
    mkdirSync(dirname(golden), { recursive: true });
    return writeFileSync(golden, pcapng(sent, medium));
  }
  const wanted = typeof golden === "string" ? readGolden(golden, medium) : golden;
  const tolerances = { ...(ignore && { ignore }), ...(times !== undefined && { times }) };
  const difference = compareGolden(wanted, sent, medium, tolerances);
  if (!difference) return;
  const name = typeof golden === "string" ? basename(golden).replace(/\.pcap(ng)?$/, "") : "golden";
  const where = folder === undefined ? {} : { folder };
  const paths = [
    saveCapture(`${name}.expected`, pcapng(wanted, medium), where),
    saveCapture(`${name}.sent`, pcapng(sent, medium), where),
  ];
  const message = `${difference.message}\n${sideBySide(difference, medium)}\nBoth captures: ${paths.join(" and ")}`;
  throw new GoldenError(message, difference);
}

function readGolden(path: string, medium: Medium): SentPacket[] {
  const { packets, linkType, error } = readRecording(readFileSync(path));
  if (error) throw error;
  const sent: SentPacket[] = [];
  const [first] = packets;
  for (const packet of packets) {
    const bytes = packet.direction === "in" ? null : toMedium(packet.bytes, packet.linkType ?? linkType, medium);
    const time = (packet.seconds - first!.seconds) * 1000 + (packet.nanoseconds - first!.nanoseconds) / 1e6;
    if (bytes) sent.push({ time, bytes });
  }
  return sent;
}

/**
 * Writes packets that were sent as a capture file.
 *
 * @param packets The packets.
 * @param medium What they begin with.
 * @returns The file, in the pcapng format.
 */
export function pcapng(packets: readonly SentPacket[], medium: Medium): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array[] = [];
  const writer = new PcapngWriter((bytes) => pieces.push(bytes.slice()));
  const id = writer.addInterface({ name: "stack", linkType: linkTypeOf(medium) });
  for (const { time, bytes } of packets) writer.packet(id, Math.max(0, time), DIRECTION_OUT, bytes, 0, bytes.length);
  writer.flush();
  const file = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    file.set(piece, at);
    at += piece.length;
  }
  return file;
}

/** The two packets, field by field; what differs is marked. */
function sideBySide({ golden, sent, fields }: GoldenDifference, medium: Medium): string {
  const before = golden ? packetFields(golden, medium) : new Map();
  const now = sent ? packetFields(sent, medium) : new Map();
  const rows = [["", "field", "golden", "sent"]];
  for (const name of new Set([...before.keys(), ...now.keys()])) {
    const values = [before.get(name), now.get(name)].map((value) => cut(value === undefined ? "-" : String(value)));
    rows.push([fields.includes(name) ? ">" : "", name, ...values]);
  }
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
  const describe = (bytes: Uint8Array | null): string => bytes ? describePacket(bytes, medium) : "nothing";
  return [`golden: ${describe(golden)}`, `sent:   ${describe(sent)}`, ...lines].join("\n");
}

function cut(text: string): string {
  return text.length > 48 ? `${text.slice(0, 47)}…` : text;
}
