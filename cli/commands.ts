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
  /** Loads its module. */
  load(): Promise<Command>;
}

/** The shells that completions are made for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** All subcommands, in the order in which help shows them. */
export const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  new: {
    summary: "makes an app from a template",
    load: () => import("./new.ts"),
  },
  serve: {
    summary: "serves an app, or what a configuration describes",
    takes: "file",
    load: () => import("./serve.ts"),
  },
  check: {
    summary: "tells whether a configuration describes a stack",
    takes: "file",
    load: () => import("./check.ts"),
  },
  inspect: {
    summary: "prints what is in a capture file",
    takes: "file",
    load: () => import("./inspect.ts"),
  },
  capture: {
    summary: "writes the packets of a device or an interface to a file",
    takes: "file",
    load: () => import("./capture.ts"),
  },
  size: {
    summary: "tells what each part of an app weighs, and what was pruned away",
    takes: "file",
    load: () => import("./size.ts"),
  },
  bundle: {
    summary: "makes one file of an app and its stack",
    takes: "file",
    load: () => import("./bundle.ts"),
  },
  doctor: {
    summary: "tells what this machine can do, and how to enable the rest",
    load: () => import("./doctor.ts"),
  },
  start: {
    summary: "serves a page that explains how it reached you",
    load: () => import("./start.ts"),
  },
  services: {
    summary: "serves echo, discard, chargen and HTTP, for interop tools",
    load: () => import("./services.ts"),
  },
  ping: {
    summary: "asks a host for echoes",
    load: () => import("./ping.ts"),
  },
  traceroute: {
    summary: "names the routers on the way to a host, and finds its MTU",
    load: () => import("./traceroute.ts"),
  },
  replay: {
    summary: "plays recorded clients against an app, and tells what differs",
    takes: "file",
    load: () => import("./replay.ts"),
  },
  completions: {
    summary: "prints what makes a shell complete these commands",
    takes: SHELLS,
    load: () => import("./completions.ts"),
  },
};
