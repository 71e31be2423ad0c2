/**
 * Where the app is served: to this machine through memory, or to the kernel through a device.
 *
 * @module
 */

import type { Loop } from "../../core/loop.ts";
import type { Plugin } from "../../core/driver.ts";
import type { HttpServing } from "../../protocols/http_server.ts";
import type { TcpEndpoint } from "../../protocols/tcp.ts";
import type { Facts } from "../home/facts.ts";

/** What both places take. */
export interface PlaceOptions {
  /** The port that visitors use; the place's own when undefined. */
  readonly port: number | undefined;
  /** Plugins of the serving stack. */
  readonly plugins: readonly Plugin[];
  /** Takes a line per connection. */
  readonly print: (line: string) => void;
}

/** A stack that serves, and the way to it. */
export interface Place extends Pick<Facts, "log" | "medium" | "sentence" | "hops" | "roundTripTime"> {
  /** The stack. */
  readonly net: Loop & { readonly http: HttpServing };
  /** The port that it serves. */
  readonly port: number;
  /** Aborts when the place is lost. */
  readonly lost: AbortSignal;
  /** Opens the way to the stack; says where it is, for people. */
  open(): Promise<string>;
  /** Hears of a request before the app does, and asks the app. */
  visit<T>(remote: TcpEndpoint, answer: () => T): T;
  /** Takes no more connections. */
  stop(): void;
  /** Closes everything. */
  close(): void;
}
