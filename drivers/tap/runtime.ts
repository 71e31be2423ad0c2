/**
 * Which runtime this is, and the C library as it calls it.
 *
 * @module
 */

import { NetError } from "../../core/net_error.ts";
import { bunLibc } from "./bun.ts";
import { denoLibc } from "./deno.ts";
import type { Libc } from "./libc.ts";

let loaded: Libc | undefined;

/**
 * Finds the C library of this process; loaded once, on the first call.
 *
 * @param what Who wants it, for the error.
 * @returns The library.
 * @throws {NetError} `ENODEV` where the system or the runtime has none, `EACCES` where the runtime permits none.
 */
export function libc(what: string): Libc {
  if (loaded) return loaded;
  const host = globalThis as { Deno?: unknown; Bun?: unknown; process?: { platform?: string } };
  if (host.process?.platform !== "linux") {
    throw new NetError(
      "ENODEV",
      `Cannot open ${what}: TAP and TUN devices are Linux's; use the memory driver elsewhere`,
    );
  }
  if (host.Deno) return loaded = denoLibc(what);
  if (host.Bun) return loaded = bunLibc(what);
  throw new NetError("ENODEV", `Cannot open ${what}: this runtime cannot call the C library; run it with Deno or Bun`);
}
