/**
 * Compares what a stack sent with a golden recording, field by field.
 *
 * @module
 */

import type { Medium } from "../core/driver.ts";
import { checkOptions, type OptionsSchema } from "../core/options.ts";
import { type FieldValue, packetFields } from "./dissect/packet_fields.ts";

/** A packet, and when it was sent. */
export interface SentPacket {
  /** When, in milliseconds. */
  readonly time: number;
  /** The packet, from the link's header on. */
  readonly bytes: Uint8Array;
}

/** What may differ. */
export interface GoldenOptions {
  /**
   * Fields that may differ, as {@linkcode packetFields} names them; `"tcp.options.timestamp"` stands for all that begin with it
   * and a dot.
   */
  readonly ignore?: readonly string[];
  /** Milliseconds by which times may differ, counted from the first packet; times are not compared when left out. */
  readonly times?: number;
}

/** The schema of {@linkcode GoldenOptions}. */
export const GOLDEN_OPTIONS: OptionsSchema<GoldenOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    ignore: { type: "array", items: { type: "string" }, description: "Fields that may differ" },
    times: { type: "number", minimum: 0, description: "Milliseconds by which times may differ" },
  },
};

/** Where what was sent first differs from the golden recording. */
export interface GoldenDifference {
  /** The number of the packet among those sent, from 1. */
  readonly packet: number;
  /** What differs, such as `"ip.ttl"`; `"packet"` where one side has no more packets. */
  readonly fields: readonly string[];
  /** What differs, in one sentence. */
  readonly message: string;
  /** The golden packet; null when there is none. */
  readonly golden: Uint8Array | null;
  /** The packet that was sent; null when there is none. */
  readonly sent: Uint8Array | null;
}

/**
 * Compares packets with golden ones, in order.
 *
 * @param golden What should have been sent.
 * @param sent What was sent.
 * @param medium What the packets begin with.
 * @param options What may differ.
 * @returns The first difference; null when there is none.
 * @throws {TypeError} When an option is unknown or of another type.
 */
export function compareGolden(
  golden: readonly SentPacket[],
  sent: readonly SentPacket[],
  medium: Medium,
  options: GoldenOptions = {},
): GoldenDifference | null {
  checkOptions("compareGolden", GOLDEN_OPTIONS, options);
  const { ignore = [], times } = options;
  const ignored = (name: string): boolean => ignore.some((one) => name === one || name.startsWith(`${one}.`));
  for (let i = 0; i < Math.max(golden.length, sent.length); i++) {
    const [wanted, got] = [golden[i], sent[i]];
    const packet = i + 1;
    if (!wanted || !got) {
      const message = `${golden.length} packets were recorded, and ${sent.length} sent`;
      return { packet, fields: ["packet"], message, golden: wanted?.bytes ?? null, sent: got?.bytes ?? null };
    }
    const [before, now] = [packetFields(wanted.bytes, medium), packetFields(got.bytes, medium)];
    const names = [...new Set([...before.keys(), ...now.keys()])];
    const fields = names.filter((name) => before.get(name) !== now.get(name) && !ignored(name));
    const differences = fields.map((name) => `${name} is ${show(now.get(name))}, not ${show(before.get(name))}`);
    const late = (got.time - sent[0]!.time) - (wanted.time - golden[0]!.time);
    if (times !== undefined && Math.abs(late) > times) {
      fields.push("time");
      differences.push(`it comes ${Math.abs(late)} ms too ${late > 0 ? "late" : "early"}`);
    }
    if (fields.length > 0) {
      const message = `packet ${packet} differs: ${differences.join("; ")}`;
      return { packet, fields, message, golden: wanted.bytes, sent: got.bytes };
    }
  }
  return null;
}

function show(value: FieldValue | undefined): string {
  if (value === undefined) return "absent";
  return typeof value === "string" && value.length > 64 ? `${value.slice(0, 64)}…` : String(value);
}
