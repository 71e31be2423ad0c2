/**
 * Network namespaces for tests: a piece of Linux with its own links, in which root does what it likes without touching the
 * machine's own.
 *
 * ```ts ignore
 * await inNamespace(async (namespace) => {
 *   const program = namespace.start(["cli/services.ts", "--driver", "tap", …]);
 *   await program.line(/^ready/);
 *   namespace.run("ping", "-c", "1", "10.0.0.2");
 * });
 * ```
 *
 * @module
 */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { hasProgram } from "../needs.ts";
import { FramesSent } from "./frames_sent.ts";

/** Where the tree lies. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** What a test with a namespace and a TAP device in it needs, for `testWith`. */
export const NEEDS: readonly string[] = ["netns", "tun"];

/** How a program ended. */
export interface Outcome {
  /** Its exit status; null when a signal ended it. */
  readonly status: number | null;
  /** What it printed. */
  readonly stdout: string;
  /** What it complained about. */
  readonly stderr: string;
}

/** How to run a program. */
export interface RunOptions {
  /** Milliseconds after which it is killed; 30,000 when left out. */
  readonly timeout?: number;
}

/** Bytes of output that are kept. */
const OUTPUT = 256 * 1024 * 1024;

/** The command that runs a module with the runtime that runs this test, or with another one on the path. */
export function runtime(which?: "deno" | "bun"): string[] {
  const own = "Deno" in globalThis ? "deno" : "bun";
  const program = which === undefined || which === own ? process.execPath : which;
  return (which ?? own) === "deno" ? [program, "run", "-A", "--quiet"] : [program];
}

/** A program that runs. */
export class Program {
  /** The process. */
  readonly child: ChildProcess;
  /** What it printed so far. */
  stdout: string = "";
  /** What it complained about so far. */
  stderr: string = "";
  /** Its exit status, once it ended; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  readonly #watchers: Set<() => void> = new Set();
  /** Whether it ended. */
  over: boolean = false;

  /** Watches a process. */
  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.on("data", (data) => {
      this.stdout += data;
      this.#notify();
    });
    child.stderr?.on("data", (data) => {
      this.stderr += data;
      this.#notify();
    });
    this.ended = new Promise((resolve) => {
      child.on("error", (error) => this.stderr += String(error));
      child.on("close", (status) => {
        this.over = true;
        resolve(status);
        this.#notify();
      });
    });
  }

  #notify(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** Its process id, which is that of the program itself: `ip netns exec` becomes it. */
  get pid(): number {
    return this.child.pid!;
  }

  /** Waits for a line of its output that matches. */
  line(pattern: RegExp, timeout = 20_000): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        act();
      };
      const look = (): void => {
        for (const line of this.stdout.split("\n")) {
          const match = pattern.exec(line);
          if (match) return settle(() => resolve(match));
        }
        if (this.over) settle(() => reject(new Error(`It ended without a line like ${pattern}: ${this.said()}`)));
      };
      const timer = setTimeout(
        () =>
          settle(() => reject(new Error(`It printed no line like ${pattern} within ${timeout} ms: ${this.said()}`))),
        timeout,
      );
      this.#watchers.add(look);
      look();
    });
  }

  /** Everything that it said, for messages. */
  said(): string {
    return `${this.stdout}\n${this.stderr}`.trim() || "(nothing)";
  }

  /** Seconds of processor time that it used so far, in all its threads. */
  cpu(): number {
    return cpuOf(this.pid);
  }

  /** Sends a signal. */
  signal(signal: NodeJS.Signals): void {
    // Not by `child.kill`, which in Deno sends one signal only.
    if (!this.over) process.kill(this.pid, signal);
  }

  /** Sends a signal and waits for its end; kills it when it does not end in time. */
  async stop(signal: NodeJS.Signals = "SIGTERM", timeout = 5000): Promise<number | null> {
    this.signal(signal);
    const timer = setTimeout(() => this.signal("SIGKILL"), timeout);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Seconds of processor time that a process used so far. */
export function cpuOf(pid: number): number {
  const stat = spawnSync("cat", [`/proc/${pid}/stat`], { encoding: "utf8" }).stdout;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

let swept = false;

/** Removes namespaces of tests that were killed, so that they did not remove them. */
function sweep(): void {
  for (const line of spawnSync("ip", ["netns", "list"], { encoding: "utf8" }).stdout.split("\n")) {
    const [name, pid] = /^bonsai-(\d+)-\w+/.exec(line) ?? [];
    if (name && !existsSync(`/proc/${pid}`)) spawnSync("ip", ["netns", "delete", name]);
  }
}

/** A network namespace. */
export class Namespace {
  /** Its name for `ip netns`; Deno runs files in parallel in one process. */
  readonly name: string = `bonsai-${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
  readonly #programs: Program[] = [];

  /** Makes an empty one, whose loopback is on. */
  constructor() {
    if (!swept) sweep();
    swept = true;
    must(spawnSync("ip", ["netns", "add", this.name], { encoding: "utf8" }), "ip netns add");
    this.run("ip", "link", "set", "lo", "up");
    // Some kernels pace by default (BBR), which starves where the processor is busy; every kernel has Reno.
    this.run("sh", "-c", "echo reno > /proc/sys/net/ipv4/tcp_congestion_control");
  }

  #command(command: readonly string[]): string[] {
    return ["netns", "exec", this.name, ...command];
  }

  /** Runs a program in it to its end, whatever that is. This process stands still meanwhile. */
  try(command: readonly string[], options: RunOptions = {}): Outcome {
    const { status, stdout, stderr } = spawnSync("ip", this.#command(command), {
      cwd: ROOT,
      encoding: "utf8",
      timeout: options.timeout ?? 30_000,
      killSignal: "SIGKILL",
      maxBuffer: OUTPUT,
    });
    return { status, stdout, stderr };
  }

  /** Runs a program in it that must succeed; returns what it printed. */
  run(...command: string[]): string {
    return must(this.try(command), command.join(" "));
  }

  /** Starts a program in it; killed at the latest when the namespace is removed. */
  spawn(...command: string[]): Program {
    // It must not outlive a test that is killed.
    const bound = hasProgram("setpriv") ? ["setpriv", "--pdeathsig", "KILL", ...command] : command;
    const child = spawn("ip", this.#command(bound), { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    const program = new Program(child);
    this.#programs.push(program);
    return program;
  }

  /** Starts a module of the tree in it, such as `["cli/services.ts", "--help"]`. */
  start(command: readonly string[], which?: "deno" | "bun"): Program {
    return this.spawn(...runtime(which), ...command);
  }

  /** Ends what was started in it, and removes it. */
  async remove(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop("SIGKILL")));
    spawnSync("ip", ["netns", "delete", this.name]);
  }
}

function must(outcome: Outcome, what: string): string {
  if (outcome.status === 0) return outcome.stdout;
  throw new Error(`${what} ended with ${outcome.status}: ${outcome.stdout}\n${outcome.stderr}`);
}

/** How to make a namespace for a test. */
export interface NamespaceOptions {
  /**
   * Whether tshark looks at what our stacks send in it, where it is there; true when left out. Not where a test sends bad
   * frames on purpose, or leaves checksums to the kernel.
   */
  readonly checked?: boolean;
}

/** Gives a test a namespace, and removes it whatever happens; fails when our stacks sent bad frames in it. */
export async function inNamespace(
  body: (namespace: Namespace) => Promise<void> | void,
  { checked = true }: NamespaceOptions = {},
): Promise<void> {
  const namespace = new Namespace();
  let sent: FramesSent | null = null;
  try {
    if (checked) sent = await FramesSent.watch(namespace);
    await body(namespace);
    const faults = await sent?.faults();
    if (faults) throw new Error(`Frames that were sent are bad:\n${faults.split("\n").slice(0, 10).join("\n")}`);
  } finally {
    await namespace.remove();
    sent?.remove();
  }
}
