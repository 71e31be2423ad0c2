/**
 * The command `inspect`: shows what is in a capture file, a line a packet or as JSON Lines.
 *
 * @module
 */

import { writeSync } from "node:fs";
import process from "node:process";
import type { CaptureReader } from "../core/capture/capture_reader.ts";
import { readArguments, runCommand, UsageError } from "./command.ts";
import { ByteWriter } from "./inspect/byte_writer.ts";
import { Dissector } from "../testing/dissect/dissector.ts";
import type { Frame } from "../testing/dissect/frame.ts";
import { frameFilter } from "../testing/dissect/frame_filter.ts";
import { type InputListener, readInput } from "./inspect/input.ts";
import { JsonLines } from "./inspect/json_lines.ts";
import { Lines } from "./inspect/lines.ts";
import { Progress } from "./inspect/progress.ts";
import { Streams } from "./inspect/streams.ts";

const HELP = `Usage: inspect [options] FILE

Shows the packets of a capture file: pcap or pcapng, gzip'd or not. "-" stands for standard input.

  --json           prints a JSON object a packet, with the fields that it has under the names of Wireshark's display
                   filters, and at the end one about the streams of TCP: length and SHA-256 of what each side sent
  --filter EXPR    only packets that pass: fields compared with ==, !=, <, <=, >, >= or "in {80, 443, 8000..8080}",
                   or alone for their presence, joined by &&, || and !, with parentheses
  --follow         waits for more at the end of the file, until Ctrl-C
  --help           prints this

Exit status: 0 when all was read, 1 when the file is damaged or cannot be read, 2 when the arguments are wrong. Of a
damaged file all packets before the damage are shown.

Examples: inspect capture.pcapng
          inspect --filter 'tcp.port == 80 && ip.src == 10.0.0.0/24' capture.pcap.gz
          inspect --json --filter 'tcp.flags.reset == 1 || icmp' capture.pcap
          tcpdump -w - | inspect -`;

/** The options. */
export const options = {
  json: { type: "boolean" },
  filter: { type: "string" },
  follow: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** Bytes of standard output. */
const STDOUT = 1;

/**
 * Runs the command.
 *
 * @param args Its arguments.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values, positionals: [path] } = readArguments(args, options, 1);
  if (values.help) return console.log(HELP);
  if (path === undefined) throw new UsageError("say which file, such as: inspect capture.pcapng");
  const ending = new AbortController();
  const end = (): void => ending.abort();
  if (values.follow) { for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end); }
  const writer = new ByteWriter((bytes) => {
    if (!print(bytes)) ending.abort();
  });
  const progress = new Progress(!values.follow);
  const view = new View(writer, values.json ?? false, values.filter, progress);
  let reader: CaptureReader;
  try {
    reader = await readInput(path, view, { follow: values.follow ?? false, signal: ending.signal });
  } finally {
    progress.end();
    writer.flush();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, end);
  }
  if (values.json) {
    writer.text(JSON.stringify({ file: path, tcp_streams: view.streams.digests() }));
    writer.endLine();
    writer.flush();
  }
  if (reader.error) throw reader.error;
  if (view.note !== "") throw new Error(view.note);
}

/** What is made of the packets. */
class View implements InputListener {
  /** The streams of TCP so far. */
  readonly streams: Streams = new Streams();
  /** What could not be decoded, in a sentence; empty when everything could. */
  note: string = "";
  readonly #dissector: Dissector = new Dissector();
  readonly #writer: ByteWriter;
  readonly #out: { frame(frame: Frame): void };
  readonly #json: boolean;
  readonly #filter: ((frame: Frame) => boolean) | null;
  readonly #progress: Progress;

  constructor(writer: ByteWriter, json: boolean, filter: string | undefined, progress: Progress) {
    this.#writer = writer;
    this.#json = json;
    this.#out = json ? new JsonLines(writer) : new Lines(writer);
    this.#progress = progress;
    try {
      this.#filter = filter === undefined ? null : frameFilter(filter);
    } catch (error) {
      throw error instanceof SyntaxError ? new UsageError(error.message) : error;
    }
  }

  packet(reader: CaptureReader): void {
    const { bytes, start, end, length, linkType, checkSequence } = reader;
    const frame = this.#dissector.dissect(bytes, start, end, length, linkType, checkSequence);
    frame.number = reader.number;
    frame.timed = reader.timed;
    frame.seconds = reader.seconds;
    frame.nanoseconds = reader.nanoseconds;
    if (frame.note !== "" && this.note === "") this.note = `Packet ${frame.number}: ${frame.note}`;
    if (this.#filter && !this.#filter(frame)) return;
    this.#out.frame(frame);
    if (this.#json && frame.tcp.at >= 0 && frame.tcp.have >= 16) this.streams.add(frame);
  }

  idle(): void {
    this.#writer.flush();
  }

  progress(read: number, size: number): void {
    this.#progress.tell(read, size);
  }
}

/** Prints bytes; false when nobody listens any more. */
function print(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(STDOUT, bytes, at);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === "EPIPE") return false;
      // A pipe that is full and does not wait: nothing else is to be done until it has room.
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
  return true;
}

if (import.meta.main) await runCommand("inspect", run);
