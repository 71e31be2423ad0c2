/**
 * An address of ours on a link: asked for, announced and defended, as ARP (RFC 5227) and NDP (RFC 4862, 5.4; optimistic,
 * RFC 4429) have it.
 *
 * @module
 */

import type { Core } from "./protocol.ts";
import { fraction } from "./random.ts";
import { Timer } from "./timers.ts";

/** Milliseconds within which the first question is asked (PROBE_WAIT, MAX_RTR_SOLICITATION_DELAY). */
const FIRST_DELAY = 1000;
/** Milliseconds between two defences, at least (DEFEND_INTERVAL). */
const DEFEND_INTERVAL = 10_000;

/** How an address is asked for before it is used: waiting for the answer, using it meanwhile, or not at all. */
export type Dad = "wait" | "optimistic" | "none";

/**
 * What a claim needs of the layer it belongs to.
 *
 * @typeParam A The addresses of its family.
 */
export interface ClaimUser<A> {
  /** Questions (PROBE_NUM, DupAddrDetectTransmits). */
  readonly questions: number;
  /** Milliseconds between two questions. */
  readonly interval: number;
  /** Milliseconds after the last question, and between two announcements. */
  readonly wait: number;
  /** Announcements (ANNOUNCE_NUM). */
  readonly announcements: number;
  /** Asks everybody whether another host has an address. */
  inquire(claim: Claim<A>): void;
  /** Tells everybody that an address is ours. */
  announce(claim: Claim<A>): void;
}

/**
 * An address of ours.
 *
 * @typeParam A The addresses of its family.
 */
export class Claim<A> {
  /** The address. */
  readonly address: A;
  /** Whether nobody else has it, as far as can be known. */
  settled: boolean;
  /** Whether it may be used. */
  usable: boolean;
  /** What tells our own questions from another host's, where they bear it (RFC 7527): six bytes. */
  readonly nonce: Uint8Array<ArrayBuffer> = new Uint8Array(6);
  readonly #core: Core;
  readonly #user: ClaimUser<A>;
  readonly #done: (ours: boolean) => void;
  readonly #yields: boolean;
  readonly #timer: Timer = new Timer(() => this.#step());
  #left: number;
  #defended: number = -Infinity;

  /**
   * Claims an address.
   *
   * @param core The core.
   * @param user The layer.
   * @param address The address.
   * @param dad How to ask for it first.
   * @param done Hears whether it is ours, once that is known; not where nobody is asked, nor after `end`.
   * @param yields Whether it is given up when another host uses it in spite of a defence (RFC 5227, 2.4, b).
   */
  constructor(core: Core, user: ClaimUser<A>, address: A, dad: Dad, done: (ours: boolean) => void, yields: boolean) {
    this.#core = core;
    this.#user = user;
    this.#done = done;
    this.#yields = yields;
    this.address = address;
    this.settled = dad === "none";
    this.usable = dad !== "wait";
    this.#left = this.settled ? user.announcements : user.questions;
    this.#arm(this.settled ? 0 : FIRST_DELAY * fraction(() => core.random()));
  }

  /** Hears that another host uses the address or wants it: it is defended, or given up. */
  conflict(): void {
    const quiet = this.#core.now() - this.#defended >= DEFEND_INTERVAL;
    if (!this.settled || this.#yields && !quiet) {
      this.end();
      this.#done(false);
    } else if (quiet) {
      this.#defended = this.#core.now();
      this.#user.announce(this);
    }
  }

  /** Stops. */
  end(): void {
    this.#timer.deadline = Infinity;
  }

  #arm(delay: number): void {
    this.#core.timers.arm(this.#timer, this.#core.now() + delay);
  }

  #step(): void {
    const user = this.#user;
    if (!this.settled && this.#left === 0) {
      this.settled = this.usable = true;
      this.#left = user.announcements;
      this.#done(true);
    }
    if (this.settled) user.announce(this);
    else user.inquire(this);
    if (--this.#left > 0) this.#arm(this.settled ? user.wait : user.interval);
    else if (!this.settled) this.#arm(user.wait);
  }
}
