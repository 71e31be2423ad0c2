/**
 * The command `ping`: asks a host for an echo, over a device or a network interface.
 *
 * @module
 */

import process from "node:process";
import { ping } from "../protocols/icmp_tools.ts";
import { readArguments, runCommand } from "./command.ts";
import { number, REACH_HELP, REACH_OPTIONS, withStack } from "./reach/stack.ts";

const HELP = `Usage: ping HOST --driver tap|tun|packet --address CIDR [options]

Sends echoes to a host and prints what comes back. Ends with status 1 when nothing does.

  --count N          echoes; 4 when left out
  --size BYTES       bytes of data in each; 56 when left out
  --interval MS      milliseconds from one to the next; 1000 when left out
  --timeout MS       milliseconds to wait for each reply; 1000 when left out
  --json             prints a line of JSON per echo, and one for all of them
${REACH_HELP}

Examples:
  ping 10.0.0.1 --driver tap --address 10.0.0.2/24 --host 10.0.0.1/24
  ping 192.0.2.1 --driver packet --name eth0 --address 192.0.2.77/24`;

/** The options. */
export const options = {
  ...REACH_OPTIONS,
  count: { type: "string" },
  size: { type: "string" },
  interval: { type: "string" },
  timeout: { type: "string" },
  json: { type: "boolean" },
} as const;

/**
 * Runs the command.
 *
 * @param args Its arguments.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values, positionals } = readArguments(args, options, 1);
  if (values.help) return console.log(HELP);
  const settings = {
    ...number("count", values.count),
    ...number("size", values.size),
    ...number("interval", values.interval),
    ...number("timeout", values.timeout),
  };
  await withStack(values, positionals[0], async (net, host, signal) => {
    const { address, sent, received, replies } = await ping(net, host, {
      ...settings,
      signal,
      onReply: ({ sequence, time, from, ttl, error }) => {
        if (values.json) console.log(JSON.stringify({ sequence, from, ttl, time, error: error?.message ?? null }));
        else if (error) console.log(`${sequence}: ${error.message}`);
        else console.log(`${sequence}: reply from ${from}, ttl ${ttl}, ${time!.toFixed(2)} ms`);
      },
    });
    if (received === 0) process.exitCode = 1;
    if (values.json) return console.log(JSON.stringify({ address, sent, received }));
    const times = replies.flatMap(({ time, error }) => error || time === null ? [] : [time]);
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
    const spread = [Math.min(...times), mean, Math.max(...times)].map((time) => time.toFixed(2)).join("/");
    console.log(`${address}: ${received} of ${sent} came back${received ? `; ${spread} ms least/mean/most` : ""}`);
  });
}

if (import.meta.main) await runCommand("ping", run);
