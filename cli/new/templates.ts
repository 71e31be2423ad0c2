/**
 * The templates: what each is for, and what its tasks may do.
 *
 * @module
 */

/** A task of an app, as Deno and Bun run it. */
export interface Task {
  /** The file, and its arguments; `"test"` runs the tests. */
  readonly run: string;
  /** What Deno permits: as little as will do. */
  readonly allow?: string;
}

/** What an app is made from; its files are in files.ts. */
export interface Template {
  /** What it makes, in a few words. */
  readonly summary: string;
  /** Its tasks, by name. */
  readonly tasks: Readonly<Record<string, Task>>;
  /** Packages of npm that it needs beside bonsai. */
  readonly packages?: readonly string[];
  /** Whether it is a package for others: it exports its mod.ts. */
  readonly published?: boolean;
}

const TEST: Task = { run: "test" };

/** All templates, by name. */
export const TEMPLATES: Readonly<Record<string, Template>> = {
  "hono-app": {
    summary: "a Hono app that carries its own TCP/IP",
    packages: ["hono"],
    tasks: {
      start: { run: "main.ts", allow: "--allow-net=127.0.0.1:8080" },
      "start:tun": { run: "main.ts tun0", allow: "--allow-ffi" },
      test: TEST,
    },
  },
  "tcp-echo": {
    summary: "a TCP service, on its own stack or on the host's sockets",
    tasks: {
      start: { run: "main.ts", allow: "--allow-net=127.0.0.1:7007" },
      "start:tun": { run: "main.ts tun0", allow: "--allow-ffi" },
      test: TEST,
    },
  },
  "udp-sensor": {
    summary: "a small device that sends readings over UDP",
    tasks: {
      start: { run: "main.ts" },
      "start:tap": { run: "main.ts tap0", allow: "--allow-ffi" },
      test: TEST,
    },
  },
  "replay-test": {
    summary: "a test that replays a capture file against an app",
    tasks: {
      start: { run: "main.ts", allow: "--allow-net=127.0.0.1:8080" },
      record: { run: "record.ts", allow: "--allow-write=bug.pcapng" },
      test: {
        run: "test",
        allow: "--allow-read=bug.pcapng --allow-write=test-captures --allow-env=BONSAI_CAPTURES",
      },
    },
  },
  protocol: {
    summary: "a protocol of your own, for others to list in their stacks",
    published: true,
    tasks: { start: { run: "main.ts" }, test: TEST },
  },
  driver: {
    summary: "a driver of your own, for others to put below their stacks",
    published: true,
    tasks: {
      start: { run: "main.ts", allow: "--allow-net=127.0.0.1,0.0.0.0" },
      test: { run: "test", allow: "--allow-net=127.0.0.1,0.0.0.0" },
    },
  },
};
