/**
 * The options of the UDP layer and its sockets.
 *
 * @module
 */

import type { IpAddress } from "../../core/ip.ts";
import type { NetError } from "../../core/net_error.ts";
import type { OptionsSchema } from "../../core/options.ts";

/** How to make the UDP layer. */
export interface UdpOptions {
  /** Sockets that may be open at once; 1024 when left out. */
  readonly sockets?: number;
}

/** The JSON Schema of {@linkcode UdpOptions}. */
export const UDP_OPTIONS: OptionsSchema<UdpOptions> = {
  type: "object",
  additionalProperties: false,
  properties: { sockets: { type: "integer", minimum: 1, maximum: 65_536 } },
};

/**
 * Reads a datagram.
 *
 * @param data The payload; lent until this returns.
 * @param address Who sent it.
 * @param port From which port; 0 where no answer is wanted.
 */
export type OnDatagram = (data: Uint8Array<ArrayBuffer>, address: IpAddress, port: number) => void;

/**
 * Hears that a datagram sent did not arrive.
 *
 * @param error What happened, such as `ECONNREFUSED`.
 * @param address Whom the datagram was for.
 * @param port Its port.
 */
export type OnUdpError = (error: NetError, address: IpAddress, port: number) => void;

/** How to open a socket. */
export interface UdpBindOptions {
  /** The port, 1 to 65,535; a free one is chosen for 0. */
  readonly port: number;
  /** One of our addresses, or a group; all addresses when left out, or for `"0.0.0.0"` and `"::"`. */
  readonly hostname?: string;
  /** Whether other sockets that say so too may have the same port; false when left out. */
  readonly reuseAddress?: boolean;
  /** Whether it may send to broadcast addresses; false when left out, so that `send` throws `EACCES`. */
  readonly broadcast?: boolean;
  /** Hops that datagrams to one host may take, 1 to 255; the network's when left out. */
  readonly ttl?: number;
  /** Hops that datagrams to a group may take, 1 to 255; 1 when left out: they stay on the link. */
  readonly multicastTtl?: number;
  /** Whether datagrams to many hosts come to our own sockets too; true when left out. */
  readonly loopback?: boolean;
  /** Whether datagrams may not be cut into fragments, so that `send` throws `EMSGSIZE`; false when left out. */
  readonly dontFragment?: boolean;
  /** The Traffic Class or TOS byte of what it sends; 0 when left out. */
  readonly trafficClass?: number;
  /** Hears that datagrams did not arrive. */
  readonly onError?: OnUdpError;
}

/** The JSON Schema of {@linkcode UdpBindOptions}. */
export const UDP_BIND_OPTIONS: OptionsSchema<UdpBindOptions> = {
  type: "object",
  additionalProperties: false,
  required: ["port"],
  properties: {
    port: { type: "integer", minimum: 0, maximum: 65_535 },
    hostname: { type: "string" },
    reuseAddress: { type: "boolean" },
    broadcast: { type: "boolean" },
    ttl: { type: "integer", minimum: 1, maximum: 255 },
    multicastTtl: { type: "integer", minimum: 1, maximum: 255 },
    loopback: { type: "boolean" },
    dontFragment: { type: "boolean" },
    trafficClass: { type: "integer", minimum: 0, maximum: 255 },
    onError: {},
  },
};

/** How to open a socket in the shape of `Deno.DatagramConn`. */
export interface UdpListenOptions extends UdpBindOptions {
  /** Always UDP, where it is given. */
  readonly transport?: "udp";
  /** Datagrams that may wait to be asked for; 256 when left out. More are dropped, and counted. */
  readonly queue?: number;
}

/** The JSON Schema of {@linkcode UdpListenOptions}. */
export const UDP_LISTEN_OPTIONS: OptionsSchema<UdpListenOptions> = {
  type: "object",
  additionalProperties: false,
  required: ["port"],
  // Bundlers prune a pure call, but no spread.
  properties: /* @__PURE__ */ (() => ({
    ...UDP_BIND_OPTIONS.properties,
    transport: { type: "string", enum: ["udp"] } as const,
    queue: { type: "integer", minimum: 1, maximum: 1_048_576 } as const,
  }))(),
};
