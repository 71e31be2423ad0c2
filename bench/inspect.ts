/**
 * Captures: reading alone, and `inspect` beside tcpdump and tshark.
 *
 * `deno run -A bench/inspect.ts FILE` reads a file and does nothing with it.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import process from "node:process";
import { readInput } from "../cli/inspect/input.ts";
import { hasProgram } from "../tests/needs.ts";
import { ROOT } from "../tests/tap/namespace.ts";
import { type BenchCapture, makeCapture } from "./captures.ts";
import { binary, command, lacks, NAMES } from "./runtimes.ts";
import type { Arena, Contender, Sample, Scenario } from "./scenario.ts";

/** Bytes of the capture for each second that a round shall take: 500 MB for `--seconds 10`. */
const BYTES_PER_SECOND = 50_000_000;

const CONDITIONS = [
  "the file from the page cache, output to /dev/null; 50 MB for each second of --seconds: --seconds 10 for 500 MB",
  "55 % full segments, 30 % acknowledgements, 10 % DNS queries, 5 % IPv6; 900 bytes on average",
  "each program whole, its start included; bonsai verifies every checksum, tcpdump -nn and tshark none",
];

/** The scenarios: bytes read, and packets shown. */
export const captures: readonly Scenario[] = [
  {
    name: "capture-read",
    title: "Reading a capture, and nothing else",
    conditions: CONDITIONS.slice(0, 2),
    rate: ["MB/s", 1e6],
    cost: ["CPU ms/MB", 1e9],
    open: () => arena("bytes", [["bonsai", ["bench/inspect.ts"], undefined]], []),
  },
  {
    name: "inspect",
    title: "A line a packet",
    conditions: CONDITIONS,
    rate: ["packets/s", 1],
    cost: ["CPU µs/packet", 1e6],
    open: () =>
      arena("packets", [["inspect", ["cli/inspect.ts"], undefined], [
        "inspect --json",
        ["cli/inspect.ts", "--json"],
        undefined,
      ]], [
        ["tcpdump -nn", ["tcpdump", "-nn", "-r"]],
        ["tshark -n", ["tshark", "-n", "-r"]],
      ]),
  },
];

type Ours = [name: string, args: string[], against: undefined];

function arena(
  unit: "bytes" | "packets",
  ours: Ours[],
  theirs: [name: string, words: string[]][],
): Arena {
  let capture: BenchCapture | null = null;
  const file = (seconds: number): BenchCapture => capture ??= makeCapture(seconds * BYTES_PER_SECOND);
  const contenders: Contender[] = [];
  const absent: string[] = [];
  for (const runtime of ["deno", "bun"] as const) {
    if (!binary(runtime)) {
      absent.push(lacks(runtime));
      continue;
    }
    for (const [name, [module = "", ...args]] of ours) {
      contenders.push({
        name: `${name}, ${NAMES[runtime]}`,
        measure: (seconds) => run(command(runtime, module, ...args, file(seconds).path), file(seconds), unit),
      });
    }
  }
  for (const [name, words] of theirs) {
    if (!hasProgram(words[0]!)) {
      absent.push(`${name} is not measured: ${words[0]} is not on the path.`);
      continue;
    }
    contenders.push({
      name,
      against: `inspect, ${NAMES.deno}`,
      measure: (seconds) => run([...words, file(seconds).path], file(seconds), unit),
    });
  }
  return { contenders, absent, close: () => capture?.close() };
}

/** Runs a program to its end, and asks the shell what it took. */
function run(words: string[], capture: BenchCapture, unit: "bytes" | "packets"): Promise<Sample> {
  const script = 'TIMEFORMAT="took %R %U %S"; time "$@" > /dev/null 2>&1';
  const { stderr } = spawnSync("bash", ["-c", script, "bash", ...words], { cwd: ROOT, encoding: "utf8" });
  const [, seconds, user, system] = /took ([\d.]+) ([\d.]+) ([\d.]+)/.exec(stderr)!.map(Number);
  return Promise.resolve({ units: capture[unit], seconds: seconds!, user: user!, system: system! });
}

if (import.meta.main) await readInput(process.argv[2] ?? "-", { packet: () => {} });
