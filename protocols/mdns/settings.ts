/**
 * The options of mDNS, and what it counts.
 *
 * @module
 */

import type { IpAddress } from "../../core/ip.ts";
import type { OptionsSchema } from "../../core/options.ts";
import type { DnsMessage } from "../dns/reader.ts";

/** The port. */
export const MDNS_PORT = 5353;
/** The groups, by the IP version. */
export const MDNS_GROUPS = { 4: "224.0.0.251", 6: "ff02::fb" } as const;
/** The bit of a question's class that asks for an answer to the asker alone (RFC 6762, 5.4). */
export const UNICAST_WANTED = 0x8000;
/** The type that asks for all. */
export const ANY = "TYPE255";

/**
 * Sends a message.
 *
 * @param message What it says; the rest is empty.
 * @param to Whom it is for; everybody on the link when left out.
 * @param port The port there.
 */
export type MdnsSend = (message: Partial<DnsMessage>, to?: IpAddress, port?: number) => void;

/** A service that is offered on the link (RFC 6763). */
export interface MdnsService {
  /** What people read, such as `"Kitchen lamp"`. */
  readonly name: string;
  /** What it is, such as `"_http._tcp"`. */
  readonly type: string;
  /** Its port. */
  readonly port: number;
  /** What else there is to know of it, as `key=value`. */
  readonly txt?: readonly string[];
}

/** How to make mDNS. */
export interface MdnsOptions {
  /** The name of this host, without `.local`; it only asks, and answers nothing, when left out. */
  readonly hostname?: string;
  /** The services that it offers. */
  readonly services?: readonly MdnsService[];
  /** Milliseconds to wait for answers to a question of ours; 2,000 when left out. */
  readonly timeout?: number;
  /** Hears that the host goes by another name, for another host has the first one. */
  readonly onRename?: (hostname: string) => void;
}

/** The JSON Schema of {@linkcode MdnsOptions}. */
export const MDNS_OPTIONS: OptionsSchema<MdnsOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    hostname: { type: "string", pattern: "^[^.\\\\]{1,50}$", examples: ["lamp"] },
    services: { type: "array", items: {} },
    timeout: { type: "integer", minimum: 1, maximum: 60_000 },
    onRename: {},
  },
};

/** What mDNS counts. */
export class MdnsCounters {
  /** Questions asked. */
  questions: number = 0;
  /** Responses sent. */
  responses: number = 0;
  /** Answers left out because the asker knew them, or everybody had just heard them. */
  suppressed: number = 0;
  /** Names given up because another host has them. */
  conflicts: number = 0;
  /** Messages that make no sense. */
  malformed: number = 0;
  /** Messages to this host alone from one that is not on its link. */
  distant: number = 0;
}
