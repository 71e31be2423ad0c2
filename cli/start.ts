/**
 * The command `start`: serves an app with bonsai, to this machine through a wire in memory or to the kernel's clients
 * through a device, or to the network through a packet socket.
 *
 * @module
 */

import type { Plugin } from "../core/driver.ts";
import { recent } from "../plugins/capture.ts";
import { trace } from "../plugins/trace.ts";
import { rememberBodies } from "../protocols/http_server.ts";
import { readOptions, readPort, runCommand, untilInterrupted, UsageError } from "./command.ts";
import { home } from "./home/app.ts";
import { LINK_HELP, LINK_OPTIONS, readLink } from "./link.ts";
import { PACKAGE } from "./package_info.ts";
import { runtime } from "./runtime.ts";
import { CaptureFile } from "./start/capture_file.ts";
import { embedded } from "./start/embedded.ts";
import { onDevice } from "./start/on_device.ts";
import type { Place } from "./start/place.ts";

const HELP = `Usage: start [options]

Serves a web page that explains how it reached you, until Ctrl-C.

Without --driver, and without root: two stacks in this process, with a wire in memory between them. Connections to
127.0.0.1 go in at one and are served by the other.

  --port PORT        where to serve: 8080 of 127.0.0.1 when left out; with a device, port 80 of --address
  --trace            prints a line per packet
  --capture FILE     writes every packet to a pcapng file, for Wireshark and tshark
  --quiet            prints no line per connection
  --help, --version  prints this, or the version

With a device of Linux, as root or on a device that root made for you:

${LINK_HELP}

Examples:
  start --port 3000 --capture start.pcapng
  start --driver tap --name tap0 --address 10.0.0.2/24 --host 10.0.0.1/24

Ctrl-C answers what is under way, closes the connections and the capture, and ends with status 0; a second Ctrl-C ends
at once. Status 1: something failed. Status 2: the options are wrong.`;

/** The options. */
export const options = {
  ...LINK_OPTIONS,
  driver: { type: "string", choices: ["memory", "tap", "tun", "packet"] },
  port: { type: "string" },
  trace: { type: "boolean" },
  capture: { type: "string" },
  quiet: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
} as const;

/** Packets that `/capture.pcapng` can look back on. */
const REMEMBERED = { packets: 2048 };

/** How long requests that are under way may take after Ctrl-C, in milliseconds. */
const GRACE = 1000;

/**
 * Runs the command.
 *
 * @param args Its arguments.
 */
export async function run(args: readonly string[]): Promise<void> {
  const values = readOptions(args, options);
  if (values.help) return console.log(HELP);
  if (values.version) return console.log(PACKAGE.version);
  const port = values.port === undefined ? undefined : readPort(values.port);
  const { driver } = values;
  const wired = driver === undefined || driver === "memory";
  const stray = wired && Object.keys(LINK_OPTIONS).find((name) => name !== "driver" && name in values);
  if (stray) throw new UsageError(`--${stray} is for devices: say --driver tap, tun or packet too`);
  const link = wired ? null : readLink({ ...values, driver });

  rememberBodies();
  const last = recent(REMEMBERED);
  const plugins: Plugin[] = [last.plugin];
  if (values.trace) plugins.push(trace(console.log));
  const file = values.capture === undefined ? null : new CaptureFile(values.capture);
  if (file) plugins.push(file.plugin);
  const { name, version } = runtime();
  const runs = `${name} ${version}`;
  const print = values.quiet ? () => {} : console.log;
  let place: Place | null = null;
  try {
    place = link ? onDevice(link, { port, plugins, print }) : embedded({ port, plugins, print });
    const { net } = place;
    const app = home({ ...place, recent: last, runtime: runs, version: PACKAGE.version });
    const server = net.http.serve({
      fetch: (request, info) => place!.visit(info.remoteAddr, () => app.fetch(request, info)),
    }, { port: place.port });
    console.log(`bonsai ${PACKAGE.version} on ${runs}`);
    console.log(`${await place.open()}\nCtrl-C ends it`);
    await untilInterrupted(place.lost);
    place.lost.throwIfAborted();
    console.log("Closing");
    place.stop();
    await within(GRACE, server.shutdown());
  } finally {
    place?.close();
    file?.close();
  }
}

async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([promise, new Promise((resolve) => timer = setTimeout(resolve, ms))]);
  clearTimeout(timer);
}

if (import.meta.main) await runCommand("start", run);
