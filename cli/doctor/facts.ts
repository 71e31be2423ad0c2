/**
 * What doctor reads off the machine.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { runtime } from "../runtime.ts";

/** What a machine and a process are like. */
export interface MachineFacts {
  /** The runtime: `"Deno"`, `"Bun"` or `"Node"`. */
  readonly runtime: string;
  /** Its version. */
  readonly version: string;
  /** The operating system, as `process.platform` tells it. */
  readonly platform: string;
  /** The user's number; null where users have none. */
  readonly uid: number | null;
  /** Effective capabilities of Linux, as a set of bits; 0 where there are none. */
  readonly capabilities: bigint;
  /** Whether Deno permits FFI; true elsewhere. */
  readonly ffi: boolean;
  /** Whether there is a /dev/net/tun. */
  readonly tun: boolean;
  /** Whether this user may open it. */
  readonly tunOpens: boolean;
  /** Whether a network namespace can be made, as this user. */
  readonly namespaces: boolean;
  /** Programs that are on the path, of those that are asked for. */
  readonly programs: readonly string[];
}

/** Programs that help with interop. */
export const PROGRAMS: readonly string[] = ["ip", "tcpdump", "tshark", "curl"];

/** Reads the facts of this machine. Nothing is changed; a namespace that is made for a try is gone at once. */
export async function readFacts(): Promise<MachineFacts> {
  const { platform } = process;
  const linux = platform === "linux";
  const uid = process.getuid?.() ?? null;
  const { name, version } = runtime();
  return {
    runtime: name,
    version,
    platform,
    uid,
    capabilities: linux ? capabilities() : 0n,
    ffi: await ffi(),
    tun: existsSync("/dev/net/tun"),
    tunOpens: mayOpen("/dev/net/tun"),
    namespaces: linux && runs("unshare", uid === 0 ? ["-n", "true"] : ["-rn", "true"]),
    programs: PROGRAMS.filter(hasProgram),
  };
}

function capabilities(): bigint {
  try {
    const bits = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    return bits ? BigInt(`0x${bits}`) : 0n;
  } catch {
    return 0n;
  }
}

async function ffi(): Promise<boolean> {
  if (!("Deno" in globalThis)) return true;
  return (await Deno.permissions.query({ name: "ffi" })).state === "granted";
}

function mayOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function runs(program: string, args: readonly string[]): boolean {
  try {
    return spawnSync(program, [...args], { stdio: "ignore", timeout: 5000 }).status === 0;
  } catch {
    // Deno without the permission to run it.
    return false;
  }
}

function hasProgram(name: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, name)));
}
