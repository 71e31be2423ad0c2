/**
 * The quote of the day (RFC 865) over UDP: a protocol for stacks of bonsai.
 *
 * ```ts ignore
 * const net = stack({ driver, protocols: [ipv4({ address: "10.0.0.2/24" }), udp(), quote()] });
 * net.quote.serve(() => "Simplicity is prerequisite for reliability.");
 * console.log(await net.quote.ask("10.0.0.1"));
 * ```
 *
 * @module
 */

import { checkOptions, type Core, NetError, type OptionsSchema, type Protocol, Timer } from "@bonsai/net";
import type { Udp, UdpSocket } from "@bonsai/net/protocols/udp";

/** How to make the protocol. */
export interface QuoteOptions {
  /** The port, 1 to 65,535; 17 when left out. */
  readonly port?: number;
  /** Milliseconds to wait for an answer; 1000 when left out. */
  readonly timeout?: number;
}

/** The JSON Schema of {@linkcode QuoteOptions}: an option that is not in it does not compile. */
export const QUOTE_OPTIONS: OptionsSchema<QuoteOptions> = {
  type: "object",
  additionalProperties: false,
  properties: {
    port: { type: "integer", minimum: 1, maximum: 65_535 },
    timeout: { type: "number", minimum: 1 },
  },
};

/** What it counts; `net.counters()` shows it. */
export class QuoteCounters {
  /** Questions answered. */
  answered: number = 0;
  /** Questions asked. */
  asked: number = 0;
}

/** The protocol, as the app finds it. */
export class Quote {
  readonly #core: Core;
  readonly #udp: Udp;
  readonly #port: number;
  readonly #timeout: number;
  readonly #counters: QuoteCounters = new QuoteCounters();

  /** Made by {@linkcode quote}. */
  constructor(core: Core, udp: Udp, { port = 17, timeout = 1000 }: QuoteOptions) {
    this.#core = core;
    this.#udp = udp;
    this.#port = port;
    this.#timeout = timeout;
    core.count("quote", this.#counters);
  }

  /**
   * Answers whoever asks.
   *
   * @param text Says the quote, of at most 512 bytes.
   * @returns The socket: close it to stop.
   */
  serve(text: () => string): UdpSocket {
    const encoder = new TextEncoder();
    const socket = this.#udp.bind({ port: this.#port }, (_, address, port) => {
      // Port 0 wants no answer.
      if (port === 0) return;
      socket.send(encoder.encode(text()), address, port);
      this.#counters.answered++;
    });
    return socket;
  }

  /**
   * Asks a host.
   *
   * @param host Its address.
   * @returns The quote.
   * @throws {NetError} `ETIMEDOUT` when nobody answers, `ECONNREFUSED` when nobody serves.
   */
  ask(host: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const done = (settle: () => void): void => {
        this.#core.timers.disarm(timer);
        socket.close();
        settle();
      };
      const socket = this.#udp.bind({
        port: 0,
        onError: (error) => done(() => reject(error)),
      }, (data) => {
        const text = new TextDecoder().decode(data);
        done(() => resolve(text));
      });
      // The stack's own time, so that a test can turn it by hand.
      const timer = new Timer(() => {
        done(() => reject(new NetError("ETIMEDOUT", `Cannot ask ${host} for a quote: it does not answer`)));
      });
      this.#core.timers.arm(timer, this.#core.now() + this.#timeout);
      socket.connect(host, this.#port);
      socket.send(new Uint8Array(0));
      this.#counters.asked++;
    });
  }
}

/** The {@linkcode quote} protocol: it needs `udp` below, and gives `quote`. */
export interface QuoteProtocol extends Protocol<"quote", { udp: Udp }, { quote: Quote }> {}

/**
 * The quote of the day.
 *
 * @param options Port and patience.
 * @returns The protocol, to list after `udp()`.
 * @throws {TypeError} When an option is unknown or of another type.
 * @throws {RangeError} When an option is out of its range.
 */
export function quote(options: QuoteOptions = {}): QuoteProtocol {
  checkOptions("quote", QUOTE_OPTIONS, options);
  return {
    name: "quote",
    needs: { udp: "required" },
    start: (core, { udp }) => ({ quote: new Quote(core, udp, options) }),
  };
}
