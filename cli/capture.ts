/**
 * The command `capture`: what passes on a device goes to a file, while a whole host answers on it.
 *
 * @module
 */

import { statSync } from "node:fs";
import type { Medium } from "../core/driver.ts";
import type { CaptureOptions } from "../plugins/capture.ts";
import { packetFilter } from "../testing/mod.ts";
import { readArguments, untilInterrupted, UsageError } from "./command.ts";
import { host } from "./host.ts";
import { LINK_HELP, LINK_OPTIONS, readLink } from "./link.ts";
import { CaptureFile } from "./start/capture_file.ts";

const HELP = `Usage: bonsai capture FILE --driver tap|tun|packet --address CIDR [options]

Writes every packet of a device or an interface to a pcapng file until Ctrl-C, while a stack answers on it: ARP, ping,
and refusals for what nobody serves. Wireshark, tshark and bonsai inspect read the file.

${LINK_HELP}
  --filter EXPR      only packets that pass a display filter, such as "tcp.port == 80 || arp"; see inspect --help
  --help             prints this

Examples: bonsai capture tap0.pcapng --driver tap --address 10.0.0.2/24 --host 10.0.0.1/24
          bonsai capture pings.pcapng --driver tap --address 10.0.0.2/24 --filter 'icmp.type == 8'`;

/** The options. */
export const options = { ...LINK_OPTIONS, filter: { type: "string" }, help: { type: "boolean", short: "h" } } as const;

/**
 * Runs the command.
 *
 * @param args Its arguments.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values, positionals } = readArguments(args, options, 1);
  if (values.help) return console.log(HELP);
  const [path] = positionals;
  if (path === undefined) throw new UsageError("say which file, such as: capture tap0.pcapng --driver tap …");
  const settings = readLink(values);
  const lost = new AbortController();
  // Whatever the device carries, what is no filter is refused before it is opened.
  if (values.filter !== undefined) filterOf(values.filter, "ip");
  const driver = settings.open((error) => lost.abort(error));
  const filter = values.filter === undefined ? undefined : filterOf(values.filter, driver.medium);
  const file = openFile(path, () => driver.close(), filter);
  const net = host(driver, settings, [file.plugin]);
  try {
    console.error(`Capturing ${driver.name} to ${path}; Ctrl-C ends it`);
    await untilInterrupted(lost.signal);
    lost.signal.throwIfAborted();
  } finally {
    net.close();
    file.close();
  }
  const { received = 0, sent = 0 } = net.counters().driver ?? {};
  console.error(`${path}: ${received} packets in, ${sent} out, ${statSync(path).size} bytes`);
}

function filterOf(text: string, medium: Medium): ReturnType<typeof packetFilter> {
  try {
    return packetFilter(text, medium);
  } catch (error) {
    throw error instanceof SyntaxError ? new UsageError(error.message) : error;
  }
}

function openFile(path: string, onError: () => void, filter?: CaptureOptions["filter"]): CaptureFile {
  try {
    return new CaptureFile(path, filter);
  } catch (error) {
    onError();
    throw error;
  }
}
