/**
 * The command `serve`: an app of the user's over a stack.
 *
 * @module
 */

import { dirname, resolve } from "node:path";
import type { Loop } from "../core/loop.ts";
import {
  type HttpServing,
  rememberBodies,
  type ServeApp,
  type ServeHandler,
  type ServeOptions,
} from "../protocols/http.ts";
import { checkFile, errorLine } from "./check.ts";
import { readArguments, readPort, untilInterrupted, UsageError } from "./command.ts";
import { openConfig } from "./config/compose.ts";
import { host } from "./host.ts";
import { LINK_HELP, LINK_OPTIONS, readLink } from "./link.ts";
import { loadApp } from "./load_app.ts";
import { embedded } from "./start/embedded.ts";

const HELP = `Usage: bonsai serve APP [options]
       bonsai serve --config FILE

Serves an app over a stack until Ctrl-C: what the module APP exports by default, or as app or fetch, which is a function
that answers requests or an object with fetch(), such as an app of Hono.

Without --driver, and without root: two stacks in this process, with a wire in memory between them, and a port of
127.0.0.1 that leads into the first.

  --config FILE      a stack described as data; bonsai check tells what such a file may hold
  --port PORT        8080 of 127.0.0.1 when left out; with a device, port 80 of --address
  --help             prints this

With a device of Linux, as root or on a device that root made for you:

${LINK_HELP}

Examples:
  bonsai serve app.ts --port 3000
  bonsai serve app.ts --driver tun --address 10.0.0.2/24 --host 10.0.0.1/24
  bonsai serve --config bonsai.json`;

/** The options. */
export const options = {
  ...LINK_OPTIONS,
  config: { type: "string", short: "c" },
  port: { type: "string", short: "p" },
  help: { type: "boolean", short: "h" },
} as const;

/** Something that is served. */
interface Serving {
  /** What to tell the user. */
  readonly text: string;
  /** Aborts when the device is lost. */
  readonly lost?: AbortSignal;
  close(): void;
}

/**
 * Runs the command.
 *
 * @param args Its arguments.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values, positionals } = readArguments(args, options, 1);
  if (values.help) return console.log(HELP);
  rememberBodies();
  const [file] = positionals;
  if (values.config !== undefined) {
    if (file !== undefined) throw new UsageError("say APP or --config, not both: the file names the app");
    return await during(await fromConfig(values.config));
  }
  if (file === undefined) throw new UsageError("say which app, such as: serve app.ts");
  const port = values.port === undefined ? undefined : readPort(values.port);
  const link = values.driver === undefined ? null : readLink(values);
  const stray = link ? undefined : Object.keys(LINK_OPTIONS).find((name) => name in values);
  if (stray) throw new UsageError(`--${stray} is for devices: say --driver tap, tun or packet too`);
  const app = await loadApp(file, ".");
  if (!link) {
    const place = embedded({ port, plugins: [], print: () => {} });
    place.net.http.serve(app as ServeApp, { port: place.port });
    return await during({ text: await place.open(), close: () => place.close() });
  }
  const lost = new AbortController();
  const net = host(link.open((error) => lost.abort(error)), link);
  const serving = serveOn(net, app, { port: port ?? 80 });
  await during({
    text: `Open http://${link.address.split("/")[0]}:${serving.addr.port}/`,
    lost: lost.signal,
    close: () => net.close(),
  });
}

async function during({ text, lost, close }: Serving): Promise<void> {
  try {
    console.log(`${text}\nCtrl-C ends it`);
    await untilInterrupted(lost);
    lost?.throwIfAborted();
  } finally {
    close();
  }
}

async function fromConfig(file: string): Promise<Serving> {
  const { config, errors } = checkFile(file);
  for (const error of errors) console.error(errorLine(file, error));
  if (!config || errors.length > 0) throw new Error(`Cannot serve ${file}: it describes no stack`);
  const folder = dirname(resolve(file));
  const lost = new AbortController();
  const app = config.app === undefined ? null : await loadApp(config.app, folder);
  const net = await openConfig(config, folder, (error) => lost.abort(error));
  try {
    const names = config.protocols.map(({ name }) => name).join(", ");
    let text = `Running ${names} over ${config.driver.name}`;
    if (app) {
      const { hostname, port } = serveOn(net, app, { port: 80, ...config.serve } as ServeOptions).addr;
      text += `; the app answers at ${hostname} port ${port}`;
    }
    return { text, lost: lost.signal, close: () => net.close() };
  } catch (error) {
    net.close();
    throw error;
  }
}

function serveOn(net: Loop & { readonly http?: unknown }, app: ServeApp | ServeHandler, options: ServeOptions) {
  const http = net.http as HttpServing | undefined;
  if (!http) throw new Error('Cannot serve the app: list "http" or "httpServer" among the protocols');
  return http.serve(app as ServeApp, options);
}
