/**
 * The command `capture`: what passes on a device goes to a file, while a whole host answers on it.
 *
 * @module
 */

import { statSync } from "node:fs";
import { readArguments, untilInterrupted, UsageError } from "./command.ts";
import { host } from "./host.ts";
import { LINK_HELP, LINK_OPTIONS, readLink } from "./link.ts";
import { CaptureFile } from "./start/capture_file.ts";

const HELP = `Usage: bonsai capture FILE --driver tap|tun --address CIDR [options]

Writes every packet of a device to a pcapng file until Ctrl-C, while a stack answers on it: ARP, ping, and refusals for
what nobody serves. Wireshark, tshark and bonsai inspect read the file.

${LINK_HELP}
  --help             prints this

Example: bonsai capture tap0.pcapng --driver tap --address 10.0.0.2/24 --host 10.0.0.1/24`;

/** The options. */
export const OPTIONS = { ...LINK_OPTIONS, help: { type: "boolean", short: "h" } } as const;

/**
 * Runs the command.
 *
 * @param args Its arguments.
 */
export async function captureDevice(args: readonly string[]): Promise<void> {
  const { values, positionals } = readArguments(args, OPTIONS, 1);
  if (values.help) return console.log(HELP);
  const [path] = positionals;
  if (path === undefined) throw new UsageError("say which file, such as: capture tap0.pcapng --driver tap …");
  const settings = readLink(values);
  const lost = new AbortController();
  const driver = settings.open((error) => lost.abort(error));
  const file = openFile(path, () => driver.close());
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

function openFile(path: string, onError: () => void): CaptureFile {
  try {
    return new CaptureFile(path);
  } catch (error) {
    onError();
    throw error;
  }
}
