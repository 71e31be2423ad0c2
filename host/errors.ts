/**
 * What the host's sockets throw, in the stack's words.
 *
 * @module
 */

import { NetError, type NetErrorCode } from "../core/net_error.ts";

/** Classes of Deno's errors that come without a code. */
const NAMES: Readonly<Record<string, NetErrorCode>> = {
  AddrInUse: "EADDRINUSE",
  AddrNotAvailable: "EADDRNOTAVAIL",
  BrokenPipe: "EPIPE",
  ConnectionAborted: "ECONNABORTED",
  ConnectionRefused: "ECONNREFUSED",
  ConnectionReset: "ECONNRESET",
  HostUnreachable: "EHOSTUNREACH",
  NetworkUnreachable: "ENETUNREACH",
  NotCapable: "EACCES",
  PermissionDenied: "EACCES",
  TimedOut: "ETIMEDOUT",
};

/**
 * Turns what a socket of the host threw into a {@linkcode NetError}.
 *
 * @param error What it threw.
 * @param what What could not be done, such as `"Cannot listen on port 80"`.
 * @returns The error to throw: the same one, where it is not about the network.
 */
export function netError(error: unknown, what: string): unknown {
  if (error instanceof NetError || !(error instanceof Error) || error.name === "AbortError") return error;
  const given = (error as { code?: unknown }).code;
  const code = typeof given === "string" && /^E[A-Z]+$/.test(given) ? given : NAMES[error.name];
  if (code === undefined) return error;
  return new NetError((code === "EAI_AGAIN" ? "ENOTFOUND" : code) as NetErrorCode, `${what}: ${error.message}`);
}
