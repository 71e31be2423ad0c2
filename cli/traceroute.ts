/**
 * The command `traceroute`: names the routers on the way to a host, over a device or a network interface.
 *
 * @module
 */

import process from "node:process";
import { discoverPathMtu, traceroute } from "../protocols/icmp_tools.ts";
import { readArguments, runCommand } from "./command.ts";
import { number, REACH_HELP, REACH_OPTIONS, withStack } from "./reach/stack.ts";

const HELP = `Usage: traceroute HOST --driver tap|tun|packet --address CIDR [options]

Prints the routers on the way to a host. Ends with status 1 when the host is not reached.

  --max-hops N       hops, at most; 30 when left out
  --probes N         echoes to each; 3 when left out
  --timeout MS       milliseconds to wait for each answer; 1000 when left out
  --path-mtu         finds the MTU of the way too
  --json             prints a line of JSON per hop, and one for the way
${REACH_HELP}

Example: traceroute 192.0.2.1 --driver tap --address 10.0.0.2/24 --host 10.0.0.1/24 --gateway 10.0.0.1`;

/** The options. */
export const options = {
  ...REACH_OPTIONS,
  "max-hops": { type: "string" },
  probes: { type: "string" },
  timeout: { type: "string" },
  "path-mtu": { type: "boolean" },
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
  const timeout = number("timeout", values.timeout);
  const maxHops = number("max-hops", values["max-hops"])["max-hops"];
  const settings = { ...timeout, ...number("probes", values.probes), ...maxHops === undefined ? {} : { maxHops } };
  await withStack(values, positionals[0], async (net, host, signal) => {
    const hops = await traceroute(net, host, {
      ...settings,
      signal,
      onHop: ({ ttl, from, times, error }) => {
        if (values.json) return console.log(JSON.stringify({ ttl, from, times, error: error?.message ?? null }));
        const all = times.map((time) => time === null ? "*" : `${time.toFixed(2)} ms`).join("  ");
        console.log(`${String(ttl).padStart(2)}  ${from ?? "*"}  ${all}${error ? `  ${error.message}` : ""}`);
      },
    });
    const reached = hops.at(-1)?.reached ?? false;
    if (!reached) process.exitCode = 1;
    const mtu = reached && values["path-mtu"] ? await discoverPathMtu(net, host, timeout) : null;
    if (values.json) console.log(JSON.stringify({ host, reached, hops: hops.length, mtu }));
    else if (mtu !== null) console.log(`path MTU ${mtu}`);
  });
}

if (import.meta.main) await runCommand("traceroute", run);
