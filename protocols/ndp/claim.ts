/**
 * An address of ours on the link: asked for (duplicate address detection, RFC 4862, 5.4; optimistic, RFC 4429), announced
 * and defended.
 *
 * @module
 */

import type { Ipv6Address } from "../../core/ipv6_address.ts";
import type { Core } from "../../core/protocol.ts";
import { fraction } from "../../core/random.ts";
import { Timer } from "../../core/timers.ts";

/** Milliseconds within which the first question is asked (MAX_RTR_SOLICITATION_DELAY). */
const FIRST_DELAY = 1000;
/** Milliseconds between two defences, at least. */
const DEFEND_INTERVAL = 10_000;

/** How an address is asked for before it is used: waiting for the answer, using it meanwhile, or not at all. */
export type Dad = "wait" | "optimistic" | "none";

/** What a claim needs of the layer it belongs to. */
export interface ClaimHolder {
  /** Milliseconds between two questions (RetransTimer). */
  readonly retransmit: number;
  /** Questions (DupAddrDetectTransmits). */
  readonly transmits: number;
  /** Asks everybody whether another host has the address, with the claim's nonce. */
  probe(claim: Claim): void;
  /** Tells everybody that the address is ours. */
  announce(claim: Claim): void;
  /** Hears that nobody else has the address. */
  settled(claim: Claim): void;
}

/** An address of ours. */
export class Claim {
  /** The address. */
  readonly address: Ipv6Address;
  /** Whether nobody else has it, as far as can be known: it is no longer tentative. */
  settled: boolean;
  /** Whether it may be used. */
  usable: boolean;
  /** What tells our own question from another host's (RFC 7527): six bytes. */
  readonly nonce: Uint8Array<ArrayBuffer> = new Uint8Array(6);
  readonly #holder: ClaimHolder;
  readonly #core: Core;
  readonly #timer: Timer = new Timer(() => this.#step());
  #left: number;
  #defended: number = -Infinity;

  /**
   * Claims an address.
   *
   * @param core The core.
   * @param holder The layer.
   * @param address The address.
   * @param dad How to ask for it first.
   */
  constructor(core: Core, holder: ClaimHolder, address: Ipv6Address, dad: Dad) {
    this.#core = core;
    this.#holder = holder;
    this.address = address;
    this.settled = dad === "none";
    this.usable = dad !== "wait";
    this.#left = this.settled ? 0 : holder.transmits;
    this.#arm(this.settled ? 0 : fraction(() => core.random()) * FIRST_DELAY);
  }

  /**
   * Hears that another host uses the address or wants it.
   *
   * @returns Whether the address is given up: it was not settled.
   */
  conflict(): boolean {
    if (!this.settled) return true;
    const now = this.#core.now();
    if (now - this.#defended >= DEFEND_INTERVAL) {
      this.#defended = now;
      this.#holder.announce(this);
    }
    return false;
  }

  /** Stops. */
  end(): void {
    this.#timer.deadline = Infinity;
  }

  #arm(delay: number): void {
    this.#core.timers.arm(this.#timer, this.#core.now() + delay);
  }

  #step(): void {
    const holder = this.#holder;
    if (this.#left-- > 0) {
      for (let i = 0; i < 6; i++) this.nonce[i] = this.#core.random();
      holder.probe(this);
      return this.#arm(holder.retransmit);
    }
    if (!this.settled) {
      this.settled = this.usable = true;
      holder.settled(this);
    }
    holder.announce(this);
  }
}
