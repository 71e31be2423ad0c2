/**
 * The command `replay`: plays recorded clients against an app, and tells whether it answers as the recorded server did.
 *
 * @module
 */

import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import type { ReplayReport, SourcePacket } from "../drivers/replay.ts";
import { describeReplay, replay, type ReplayRun, type ReplayTestOptions } from "../testing/mod.ts";
import { type LoadedRecording, loadRecording } from "../testing/recording.ts";
import { type CommandValues, readArguments, runCommand, UsageError } from "./command.ts";
import { Dissector } from "../testing/dissect/dissector.ts";
import { frameFilter } from "../testing/dissect/frame_filter.ts";
import { loadApp } from "./load_app.ts";
import { style } from "./style.ts";

const HELP = `Usage: replay FILE --as ADDRESS --app MODULE [options]

Plays the recorded clients of a server against your app, which takes the server's place on a live stack, and tells for
each conversation whether it came out identical, different (with the first difference) or impossible (and why).

FILE is a capture, pcap or pcapng, gzip'd too; "-" reads it from standard input.

  --as ADDRESS       the recorded host that the app plays; the first one that is called, when left out
  --app MODULE       its default export is a handler, or has a fetch() as Hono's has; without it the live stack answers
                     pings, and refuses connections
  --filter TEXT      plays only the packets that pass a display filter, such as "tcp.port == 80"
  --pace PACE        recorded (times as they were, in virtual time that takes none), fast (none), real (on the clock)
  --ignore NAMES     fields of HTTP responses that may differ, with commas; date when left out
  --seed NUMBER      what the live stack's randomness comes from; 1 when left out
  --no-sack          the live stack makes no selective acknowledgements
  --no-timestamps    the live stack uses no timestamps
  --save FILE        writes the packets of this run to a pcapng file
  --json             prints a line of JSON per conversation, and one for the file
  --help             prints this

Examples:
  replay bug.pcap --as 10.0.0.5 --app ./app.ts
  replay bug.pcapng --as 10.0.0.5 --app ./app.ts --ignore date,server,etag --save run.pcapng
  zcat bug.pcap.gz | replay - --app ./app.ts --json

Exit status: 0 when all conversations are identical, 1 when one is not or the file is damaged, 2 when the arguments are
wrong.`;

const PACES = ["recorded", "fast", "real"] as const;

/** The options. */
export const options = {
  as: { type: "string" },
  app: { type: "string" },
  filter: { type: "string" },
  pace: { type: "string", choices: PACES },
  ignore: { type: "string" },
  seed: { type: "string" },
  "no-sack": { type: "boolean" },
  "no-timestamps": { type: "boolean" },
  save: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/**
 * Runs the command.
 *
 * @param args Its arguments.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values, positionals } = readArguments(args, options, 1);
  if (values.help) return console.log(HELP);
  const [file] = positionals;
  if (file === undefined) throw new UsageError("say which file to replay");
  const seed = values.seed === undefined ? 1 : Number(values.seed);
  if (!Number.isInteger(seed)) throw new UsageError(`--seed takes a whole number, not "${values.seed}"`);
  const app = values.app === undefined ? undefined : await loadApp(values.app, ".");
  const recording = readInput(file, values.filter);
  const run = await replayOf(recording, {
    ...(values.as !== undefined && { as: values.as }),
    ...(app && { app }),
    ignore: (values.ignore ?? "date").split(",").map((name) => name.trim().toLowerCase()),
    pace: values.pace ?? "recorded",
    seed,
    tcp: { sack: !values["no-sack"], timestamps: !values["no-timestamps"] },
    ...(process.stderr.isTTY && { onProgress: progress() }),
  });
  if (values.save !== undefined) save(values.save, run);
  print(file, run, values);
  if (!run.identical) process.exitCode = 1;
}

/** Replays; whom there is nobody to play for is a mistake in the arguments. */
async function replayOf(recording: LoadedRecording, options: ReplayTestOptions): Promise<ReplayRun> {
  try {
    return await replay(recording, options);
  } catch (error) {
    if (error instanceof TypeError && error.message.startsWith("replay(): ")) {
      throw new UsageError(error.message.slice("replay(): ".length));
    }
    throw error;
  }
}

/** Reads a file, or standard input; what is no capture at all is an error at once. */
function readInput(file: string, filter: string | undefined): LoadedRecording {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file === "-" ? 0 : file);
  } catch (error) {
    throw new Error(`Cannot read ${file}: ${(error as Error).message}`);
  }
  const recording = loadRecording(bytes);
  if (recording.packets.length === 0) throw new Error(recording.fault ?? `${file} holds no packets`);
  return filter === undefined ? recording : { ...recording, packets: recording.packets.filter(chooser(filter)) };
}

function save(file: string, run: ReplayRun): void {
  try {
    writeFileSync(file, run.pcapng());
  } catch (error) {
    throw new Error(`Cannot write ${file}: ${(error as Error).message}`);
  }
}

/** Makes a filter of packets out of its text. */
function chooser(text: string): (packet: SourcePacket) => boolean {
  const dissector = new Dissector();
  try {
    const filter = frameFilter(text);
    return ({ bytes, length, linkType = -1 }) => filter(dissector.dissect(bytes, 0, bytes.length, length, linkType));
  } catch (error) {
    throw error instanceof SyntaxError ? new UsageError(error.message) : error;
  }
}

/** Tells on a terminal how far it is, at most ten times a second. */
function progress(): (fed: number, total: number) => void {
  let last = performance.now();
  return (fed, total) => {
    const now = performance.now();
    if (now - last < 100) return;
    last = now;
    process.stderr.write(`\r${fed} of ${total} packets\x1b[K\r`);
  };
}

function print(file: string, { reports, fault }: ReplayRun, values: CommandValues<typeof options>): void {
  const count = (verdict: ReplayReport["verdict"]): number => reports.filter((one) => one.verdict === verdict).length;
  const totals = { identical: count("identical"), different: count("different"), impossible: count("impossible") };
  if (values.json) {
    for (const { kind, peer, local, packet, verdict, reason } of reports) {
      const [from, to] = [peer, local].map(({ address, port }) => port > 0 ? `${address}|${port}` : address);
      console.log(JSON.stringify({ kind, peer: from, local: to, packet, verdict, reason }));
    }
    return console.log(JSON.stringify({ file, ...totals, fault }));
  }
  const { green, red, yellow } = style();
  const paint = { identical: green, different: red, impossible: yellow };
  for (const report of reports) console.log(paint[report.verdict](describeReplay(report)));
  const { identical, different, impossible } = totals;
  console.log(
    `${reports.length} conversations: ${identical} identical, ${different} different, ${impossible} impossible`,
  );
  if (fault !== null) console.error(`replay: ${fault}`);
}

if (import.meta.main) {
  await runCommand("replay", run);
  // An app may have started what never ends.
  process.exit();
}
