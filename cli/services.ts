/**
 * The command `services`: a small server for interop and conformance tools, over a device or a network interface.
 *
 * @module
 */

import process from "node:process";
import { NetError } from "../core/net_error.ts";
import { type HttpServing, rememberBodies } from "../protocols/http_server.ts";
import type { Tcp } from "../protocols/tcp.ts";
import type { Udp } from "../protocols/udp.ts";
import { readOptions, runCommand, untilInterrupted } from "./command.ts";
import { host } from "./host.ts";
import { LINK_HELP, LINK_OPTIONS, readLink } from "./link.ts";
import { app } from "./services/app.ts";
import { Chargen, discard, echo } from "./services/tcp.ts";

const HELP = `Usage: services --driver tap|tun|packet --address CIDR [options]

Serves echo (TCP and UDP 7), discard (TCP 9), chargen (TCP 19) and an HTTP app (80) until Ctrl-C.
SIGUSR2 prints the counters of the stack, as a line of JSON.

${LINK_HELP}
  --help             prints this

Example: services --driver tap --name tap0 --address 10.0.0.2/24 --host 10.0.0.1/24`;

/** The options. */
export const options = { ...LINK_OPTIONS, help: { type: "boolean", short: "h" } } as const;

/** Opens every service. */
function serve(net: { tcp: Tcp; udp: Udp; http: HttpServing }): void {
  net.tcp.accept({ port: 7 }, () => echo);
  net.tcp.accept({ port: 9 }, () => discard);
  net.tcp.accept({ port: 19 }, (connection) => {
    const user = new Chargen();
    user.writable(connection);
    return user;
  });
  const socket = net.udp.bind({ port: 7 }, (data, address, port) => {
    // Port 0 wants no answer, and a route may be gone by now.
    if (port === 0) return;
    try {
      socket.send(data, address, port);
    } catch (error) {
      if (!(error instanceof NetError)) throw error;
    }
  });
  rememberBodies();
  // Bodies that no page reads are taken, so that what comes after them is answered on the same connection.
  net.http.serve(app, { port: 80, drainLimit: 16_777_216 });
}

/**
 * Runs the command.
 *
 * @param args Its arguments.
 */
export async function run(args: readonly string[]): Promise<void> {
  const values = readOptions(args, options);
  if (values.help) return console.log(HELP);
  const settings = readLink(values);
  const lost = new AbortController();
  const driver = settings.open((error) => lost.abort(error));
  const net = host(driver, settings);
  const report = (): void => console.log(JSON.stringify(net.counters()));
  try {
    serve(net);
    process.on("SIGUSR2", report);
    console.log(
      `ready: echo 7, discard 9, chargen 19 and http 80 on ${settings.address}${
        settings.address6 === undefined ? "" : ` and ${settings.address6}`
      } over ${driver.name}`,
    );
    await untilInterrupted(lost.signal);
    lost.signal.throwIfAborted();
  } finally {
    process.off("SIGUSR2", report);
    net.close();
  }
}

if (import.meta.main) await runCommand("services", run);
