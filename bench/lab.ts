/**
 * Where programs meet over a network: two namespaces, joined by a veth pair for the kernel's sockets. The stacks over TAP run
 * in the client's, where the kernel's end of their device is.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import { Namespace, type Program } from "../tests/tap/namespace.ts";
import { lacking, type Need } from "../tests/needs.ts";
import { command, pinned, type Runtime } from "./runtimes.ts";

/** The kernel's address at the client's end of the veth pair. */
export const CLIENT = "10.77.0.1";
/** The kernel's address at the server's end. */
const SERVER = "10.77.0.2";
/** The address of the stack over TAP. */
export const STACK = "10.78.0.2";
/** The kernel's address at its end of the TAP device. */
export const STACK_CLIENT = "10.78.0.1";
/** The processor that servers have for themselves; clients have the next one. */
const SERVER_CORE = 0;

/** What a server stands on. */
export type Ground = "tap" | "veth";

/** A server that runs. */
export interface Server {
  /** Where its clients find it. */
  readonly hostname: string;
  /** Seconds of processor time that it used so far: in its program, in the kernel. */
  cpu(): readonly [user: number, system: number];
}

/** The namespaces. */
export class Lab implements AsyncDisposable {
  readonly #client: Namespace;
  readonly #server: Namespace;
  readonly #interrupted = (): void => {
    void this[Symbol.asyncDispose]().finally(() => process.exit(130));
  };

  /** Makes them. */
  constructor() {
    process.once("SIGINT", this.#interrupted);
    process.once("SIGTERM", this.#interrupted);
    this.#client = new Namespace();
    this.#server = new Namespace();
    const client = this.#client;
    const server = this.#server;
    // This kernel's default may pace (BBR), which distorts machines with few processors.
    for (const namespace of [client, server]) {
      namespace.run("sh", "-c", "echo reno > /proc/sys/net/ipv4/tcp_congestion_control");
      namespace.run("sh", "-c", "echo 1024 65535 > /proc/sys/net/ipv4/ip_local_port_range");
    }
    client.run("ip", "link", "add", "veth0", "type", "veth", "peer", "name", "veth0", "netns", server.name);
    client.run("ip", "address", "add", `${CLIENT}/24`, "dev", "veth0");
    server.run("ip", "address", "add", `${SERVER}/24`, "dev", "veth0");
    for (const namespace of [client, server]) namespace.run("ip", "link", "set", "veth0", "up");
  }

  /** What is missing to make one: a sentence; null when nothing is. */
  static lacks(...programs: Need[]): string | null {
    const missing = lacking(["netns", "tun", "taskset", ...programs]);
    if (missing.length === 0) return null;
    const tools = ["taskset", ...programs].join(" and ");
    return `Skipped, for this machine lacks ${missing.join(" and ")}: it needs root that may make network namespaces ` +
      `(netns) and TAP devices (tun), and the programs ${tools}.`;
  }

  /**
   * Starts a server, alone on its processor.
   *
   * @param runtime What it runs in.
   * @param ground What it stands on; where that is TAP its device is made ready once it runs.
   * @param module The server's module, which prints a line that begins with "ready".
   * @param args Its arguments.
   */
  async serve(runtime: Runtime, ground: Ground, module: string, ...args: string[]): Promise<Server> {
    const namespace = ground === "tap" ? this.#client : this.#server;
    const program = namespace.spawn(...pinned(SERVER_CORE, command(runtime, module, ...args)));
    await program.line(/^ready/);
    // A TAP device's usual queue of 500 drops bursts.
    if (ground === "tap") namespace.run("ip", "link", "set", "dev", "tap0", "txqueuelen", "10000");
    return {
      hostname: ground === "tap" ? STACK : SERVER,
      cpu: () => cpuOf(program),
    };
  }

  /** Starts a client, on its own processor. */
  start(command: readonly string[]): Program {
    return this.#client.spawn(...pinned(SERVER_CORE + 1, command));
  }

  /** Reads a file as it is in the client's namespace, such as `/proc/net/snmp`. */
  read(path: string): string {
    return this.#client.run("cat", path);
  }

  /** Ends what runs, and removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    process.off("SIGINT", this.#interrupted);
    process.off("SIGTERM", this.#interrupted);
    await this.#client.remove();
    await this.#server.remove();
  }
}

/** The kernel's end of the device, for `tap()`. */
export const HOST_CIDR = `${STACK_CLIENT}/24`;
/** The stack's own address and network. */
export const STACK_CIDR = `${STACK}/24`;

/** Processor time of a program that runs. */
function cpuOf(program: Program): [user: number, system: number] {
  const stat = readFileSync(`/proc/${program.pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  if (!(user >= 0 && system >= 0)) throw new Error(`Cannot read the processor time of process ${program.pid}`);
  return [user / 100, system / 100];
}
