/**
 * A driver for stacks of bonsai: IP packets inside UDP datagrams of the host, a tunnel between two processes.
 *
 * ```ts ignore
 * const driver = udpTunnel({ port: 7001, peer: { hostname: "127.0.0.1", port: 7002 } });
 * const net = stack({ driver, protocols: [ipv4({ address: "10.0.0.1/24" }), tcp()] });
 * ```
 *
 * @module
 */

import { createSocket, type Socket } from "node:dgram";
import {
  checkOptions,
  type Driver,
  HEADROOM,
  NO_OFFLOAD,
  type Offload,
  type OptionsSchema,
  type Packet,
} from "@bonsai/net";

/** How to make the tunnel. */
export interface UdpTunnelOptions {
  /** Our port on the host. */
  readonly port: number;
  /** Where the other end is. */
  readonly peer: { readonly hostname: string; readonly port: number };
  /** Bytes of the largest packet, 576 to 65,507; 1400 when left out, so that it fits into an Ethernet frame. */
  readonly mtu?: number;
}

/** The JSON Schema of {@linkcode UdpTunnelOptions}: an option that is not in it does not compile. */
export const UDP_TUNNEL_OPTIONS: OptionsSchema<UdpTunnelOptions> = {
  type: "object",
  additionalProperties: false,
  required: ["port", "peer"],
  properties: {
    port: { type: "integer", minimum: 1, maximum: 65_535 },
    peer: { description: "Where the other end is" },
    mtu: { type: "integer", minimum: 576, maximum: 65_507 },
  },
};

/** What it counts; `net.counters()` shows it as that of `driver`. */
export class UdpTunnelCounters {
  /** Packets received. */
  received: number = 0;
  /** Packets sent. */
  sent: number = 0;
  /** Packets dropped, because nobody took them in time or they do not fit. */
  dropped: number = 0;
}

/** Packets that wait for the stack. */
const WAITING = 1024;

/** One end of a tunnel. Everything but `wait` returns at once, and nothing throws. */
export class UdpTunnel implements Driver<"ip"> {
  /** Its name in messages and captures. */
  readonly name: string;
  /** What it carries: bare IP packets. */
  readonly medium = "ip" as const;
  /** Bytes of the largest packet. */
  readonly mtu: number;
  /** None: it computes no checksums for the stack. */
  readonly offload: Offload = NO_OFFLOAD;
  /** What it counts. */
  readonly counters: UdpTunnelCounters = new UdpTunnelCounters();
  readonly #peer: UdpTunnelOptions["peer"];
  readonly #socket: Socket;
  readonly #waiting: Uint8Array[] = [];
  #wake: (() => void) | null = null;
  #closed: boolean = false;

  /** Made by {@linkcode udpTunnel}. */
  constructor({ port, peer, mtu = 1400 }: UdpTunnelOptions) {
    this.name = `udp${port}`;
    this.mtu = mtu;
    this.#peer = peer;
    this.#socket = createSocket("udp4");
    this.#socket.on("message", (data) => {
      if (this.#waiting.length < WAITING && data.length <= mtu) this.#waiting.push(data);
      else this.counters.dropped++;
      this.wake();
    });
    this.#socket.on("error", () => this.counters.dropped++);
    this.#socket.bind(port);
  }

  /** Fills an empty packet with the next one received. */
  receive(packet: Packet): boolean {
    const data = this.#waiting.shift();
    if (!data) return false;
    packet.bytes.set(data, HEADROOM);
    packet.end = HEADROOM + data.length;
    this.counters.received++;
    return true;
  }

  /** Sends a packet's window, which is copied: the packet is the stack's again when this returns. */
  transmit(packet: Packet): boolean {
    if (this.#closed || packet.length > this.mtu) {
      this.counters.dropped++;
      return false;
    }
    this.#socket.send(packet.view().slice(), this.#peer.port, this.#peer.hostname);
    this.counters.sent++;
    return true;
  }

  /** The host queues what it cannot send yet. */
  room(): number {
    return Infinity;
  }

  /** Every packet goes out at once, so that nothing is left for the end of a turn. */
  flush(): void {}

  /** Waits until there is a packet, or `ms` have passed, or `wake` is called. */
  wait(ms: number): Promise<void> {
    if (this.#closed || this.#waiting.length > 0 || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = ms < 0x7fffffff ? setTimeout(() => this.wake(), ms) : undefined;
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Ends a wait that is under way, now. */
  wake(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  /** Closes the socket; calling it again does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    this.wake();
  }
}

/**
 * Opens one end of a tunnel.
 *
 * @param options Our port, and the other end.
 * @returns The driver, for stacks that begin with `ipv4()` or `ipv6()`.
 * @throws {TypeError} When an option is missing, unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function udpTunnel(options: UdpTunnelOptions): UdpTunnel {
  checkOptions("udpTunnel", UDP_TUNNEL_OPTIONS, options);
  return new UdpTunnel(options);
}
