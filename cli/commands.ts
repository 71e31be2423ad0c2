/**
 * The subcommands, by name. Each is loaded when it is called, and nothing else is.
 *
 * @module
 */

import type { Command } from "./command.ts";

/** A subcommand. */
export interface Subcommand {
  /** What it does, in a few words. */
  readonly summary: string;
  /** What it takes beside options: a file, one of some words, or what no shell can complete; nothing when left out. */
  readonly takes?: "file" | readonly string[];
  /** Loads it. */
  load(): Promise<Command>;
}

/** The shells that completions are made for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** All subcommands, in the order in which help shows them. */
export const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  new: {
    summary: "makes an app from a template",
    load: async () => {
      const { newApp: run, OPTIONS: options } = await import("./new.ts");
      return { run, options };
    },
  },
  serve: {
    summary: "serves an app, or what a configuration describes",
    takes: "file",
    load: async () => {
      const { serve: run, OPTIONS: options } = await import("./serve.ts");
      return { run, options };
    },
  },
  check: {
    summary: "tells whether a configuration describes a stack",
    takes: "file",
    load: async () => {
      const { check: run, OPTIONS: options } = await import("./check.ts");
      return { run, options };
    },
  },
  inspect: {
    summary: "prints what is in a capture file",
    takes: "file",
    load: async () => {
      const { inspect: run, OPTIONS: options } = await import("./inspect.ts");
      return { run, options };
    },
  },
  capture: {
    summary: "writes the packets of a device to a pcapng file",
    takes: "file",
    load: async () => {
      const { captureDevice: run, OPTIONS: options } = await import("./capture.ts");
      return { run, options };
    },
  },
  size: {
    summary: "tells what each part of an app weighs, and what was pruned away",
    takes: "file",
    load: async () => {
      const { size: run, OPTIONS: options } = await import("./size.ts");
      return { run, options };
    },
  },
  bundle: {
    summary: "makes one file of an app and its stack",
    takes: "file",
    load: async () => {
      const { bundleApp: run, OPTIONS: options } = await import("./bundle.ts");
      return { run, options };
    },
  },
  doctor: {
    summary: "tells what this machine can do, and how to enable the rest",
    load: async () => {
      const { doctor: run, OPTIONS: options } = await import("./doctor.ts");
      return { run, options };
    },
  },
  start: {
    summary: "serves a page that explains how it reached you",
    load: async () => {
      const { start: run, OPTIONS: options } = await import("./start.ts");
      return { run, options };
    },
  },
  services: {
    summary: "serves echo, discard, chargen and HTTP, for interop tools",
    load: async () => {
      const { services: run, OPTIONS: options } = await import("./services.ts");
      return { run, options };
    },
  },
  ping: {
    summary: "asks a host for echoes",
    load: async () => {
      const { pingCommand: run, OPTIONS: options } = await import("./ping.ts");
      return { run, options };
    },
  },
  traceroute: {
    summary: "names the routers on the way to a host, and finds its MTU",
    load: async () => {
      const { tracerouteCommand: run, OPTIONS: options } = await import("./traceroute.ts");
      return { run, options };
    },
  },
  replay: {
    summary: "plays recorded clients against an app, and tells what differs",
    takes: "file",
    load: async () => {
      const { replayCommand: run, OPTIONS: options } = await import("./replay.ts");
      return { run, options };
    },
  },
  completions: {
    summary: "prints what makes a shell complete these commands",
    takes: SHELLS,
    load: async () => {
      const { completions: run, OPTIONS: options } = await import("./completions.ts");
      return { run, options };
    },
  },
};
