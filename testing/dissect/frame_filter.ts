/**
 * Display filters over captured frames.
 *
 * @module
 */

import { compileFilter, type Filter, type FilterField, type FilterValue } from "../../core/capture/display_filter.ts";
import { type Field, type FieldGroup, GROUPS, LIST, readField } from "./fields.ts";
import type { Frame } from "./frame.ts";

/** Fields that stand for both ends. */
const BOTH: Readonly<Record<string, readonly string[]>> = {
  "eth.addr": ["eth.src", "eth.dst"],
  "ip.addr": ["ip.src", "ip.dst"],
  "ipv6.addr": ["ipv6.src", "ipv6.dst"],
  "udp.port": ["udp.srcport", "udp.dstport"],
  "tcp.port": ["tcp.srcport", "tcp.dstport"],
};

/** The bits of TCP's flags by the last part of their names. */
const FLAGS: Readonly<Record<string, number>> = {
  fin: 1,
  syn: 2,
  reset: 4,
  push: 8,
  ack: 16,
  urg: 32,
  ece: 64,
  cwr: 128,
  ae: 256,
};

/** What is known of a frame beside its headers. */
const OF_FRAME: Readonly<Record<string, (frame: Frame) => number>> = {
  "frame.number": ({ number }) => number,
  "frame.len": ({ length }) => length,
  "frame.cap_len": ({ captured }) => captured,
};

/**
 * Compiles a display filter over frames.
 *
 * @param text The filter, such as `"tcp.port == 80 && ip.src == 10.0.0.2"`.
 * @returns Tells whether a frame passes.
 * @throws {SyntaxError} When the text is no filter, or names an unknown field.
 */
export function frameFilter(text: string): Filter<Frame> {
  return compileFilter(text, frameField);
}

/** Finds a field by its name. */
function frameField(name: string): FilterField<Frame> | null {
  const both = BOTH[name];
  if (both) {
    const [source, destination] = both.map(frameField);
    return (frame) => [...source!(frame), ...destination!(frame)];
  }
  const own = OF_FRAME[name];
  if (own) return (frame) => [own(frame)];
  if (name.startsWith("tcp.flags.")) {
    const bit = FLAGS[name.slice("tcp.flags.".length)];
    const flags = frameField("tcp.flags")!;
    return bit === undefined ? null : (frame) => flags(frame).map((value) => (value as number & number) & bit ? 1 : 0);
  }
  for (const group of GROUPS) {
    if (group.name === name) return (frame) => group.header(frame).at >= 0 ? [1] : [];
    const field = group.fields.find((field) => field.name === name);
    if (field) return (frame) => valuesOf(frame, group, field);
  }
  return null;
}

/** The values of a field. */
function valuesOf(frame: Frame, group: FieldGroup, field: Field): FilterValue[] {
  const header = group.header(frame);
  const value = readField(frame, header, field);
  if (value < 0) return [];
  switch (field.kind) {
    case "list":
      return Array.from(LIST.subarray(0, value));
    case "number":
      return [value];
    case "bytes":
      return [header.bytes.subarray(value, field.end!(header))];
    default: {
      const size = field.kind === "ipv4" ? 4 : field.kind === "mac" ? 6 : 16;
      return [header.bytes.subarray(value, value + size)];
    }
  }
}
