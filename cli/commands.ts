/**
 * The subcommands, by name. Each is loaded when it is called, and nothing else is.
 *
 * @module
 */

/** A subcommand. */
export interface Subcommand {
  /** What it does, in a few words. */
  readonly summary: string;
  /** Loads it. */
  load(): Promise<(args: readonly string[]) => Promise<void>>;
}

/** All subcommands, in the order in which help shows them. */
export const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  new: {
    summary: "makes an app from a template",
    load: async () => (await import("./new.ts")).newApp,
  },
  serve: {
    summary: "serves an app, or what a configuration describes",
    load: async () => (await import("./serve.ts")).serve,
  },
  check: {
    summary: "tells whether a configuration describes a stack",
    load: async () => (await import("./check.ts")).check,
  },
  inspect: {
    summary: "prints what is in a capture file",
    load: async () => (await import("./inspect.ts")).inspect,
  },
  capture: {
    summary: "writes the packets of a device to a pcapng file",
    load: async () => (await import("./capture.ts")).captureDevice,
  },
  size: {
    summary: "tells what each part of an app weighs, and what was pruned away",
    load: async () => (await import("./size.ts")).size,
  },
  bundle: {
    summary: "makes one file of an app and its stack",
    load: async () => (await import("./bundle.ts")).bundleApp,
  },
  doctor: {
    summary: "tells what this machine can do, and how to enable the rest",
    load: async () => (await import("./doctor.ts")).doctor,
  },
  start: {
    summary: "serves a page that explains how it reached you",
    load: async () => (await import("./start.ts")).start,
  },
  services: {
    summary: "serves echo, discard, chargen and HTTP, for interop tools",
    load: async () => (await import("./services.ts")).services,
  },
  ping: {
    summary: "asks a host for echoes",
    load: async () => (await import("./ping.ts")).pingCommand,
  },
  traceroute: {
    summary: "names the routers on the way to a host, and finds its MTU",
    load: async () => (await import("./traceroute.ts")).tracerouteCommand,
  },
  replay: {
    summary: "plays recorded clients against an app, and tells what differs",
    load: async () => (await import("./replay.ts")).replayCommand,
  },
};
