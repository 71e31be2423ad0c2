/**
 * What `inspect --json` makes of a capture, without the command around it.
 *
 * @module
 */

import { CaptureReader } from "../../core/capture/capture_reader.ts";
import { ByteWriter } from "../../cli/inspect/byte_writer.ts";
import { Dissector } from "../../testing/dissect/dissector.ts";
import type { Frame } from "../../testing/dissect/frame.ts";
import { JsonLines } from "../../cli/inspect/json_lines.ts";
import { Lines } from "../../cli/inspect/lines.ts";
import { type StreamDigest, Streams } from "../../cli/inspect/streams.ts";
import type { FrameFields } from "./tshark.ts";

/** What a capture holds. */
export interface Decoded {
  readonly frames: FrameFields[];
  readonly streams: StreamDigest[];
  readonly error: CaptureReader["error"];
}

/** Shows each frame of a capture. */
export function eachFrame(file: Uint8Array, show: (frame: Frame) => void): CaptureReader {
  const reader = new CaptureReader(file);
  reader.customBlocks = true;
  const dissector = new Dissector();
  while (reader.next()) {
    const { bytes, start, end, length, linkType, checkSequence } = reader;
    const frame = dissector.dissect(bytes, start, end, length, linkType, checkSequence);
    frame.number = reader.number;
    frame.seconds = reader.seconds;
    frame.nanoseconds = reader.nanoseconds;
    frame.timed = reader.timed;
    show(frame);
  }
  return reader;
}

/** Decodes a capture. */
export function decode(file: Uint8Array): Decoded {
  let text = "";
  const writer = new ByteWriter((bytes) => text += new TextDecoder().decode(bytes));
  const json = new JsonLines(writer);
  const streams = new Streams();
  const { error } = eachFrame(file, (frame) => {
    json.frame(frame);
    if (frame.tcp.at >= 0 && frame.tcp.have >= 16) streams.add(frame);
  });
  writer.flush();
  const frames = text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  return { frames, streams: streams.digests(), error };
}

/** Writes the lines of a capture. */
export function lines(file: Uint8Array): string[] {
  let text = "";
  const writer = new ByteWriter((bytes) => text += new TextDecoder().decode(bytes));
  const out = new Lines(writer);
  eachFrame(file, (frame) => out.frame(frame));
  writer.flush();
  return text.split("\n").slice(0, -1);
}
