/**
 * An address of ours on the link: probed for, announced and defended (RFC 5227).
 *
 * @module
 */

import type { Ipv4Address } from "../../core/ipv4_address.ts";
import { Timer } from "../../core/timers.ts";

/** Milliseconds within which the first probe is sent. */
const PROBE_WAIT = 1000;
/** Probes. */
const PROBES = 3;
/** Milliseconds between two probes, at least; at most as many again are added. */
const PROBE_MIN = 1000;
/** Milliseconds to wait after the last probe, and between two announcements. */
const ANNOUNCE_WAIT = 2000;
/** Announcements. */
const ANNOUNCEMENTS = 2;
/** Milliseconds between two defences, at least. */
const DEFEND_INTERVAL = 10_000;

/** What a claim needs of the layer it belongs to. */
export interface ClaimHolder {
  /** The time, in milliseconds. */
  now(): number;
  /** Arms a timer so many milliseconds from now. */
  arm(timer: Timer, delay: number): void;
  /** A random fraction, from 0 up to 1. */
  fraction(): number;
  /** Asks everybody for an address of ours, as `sender`: 0 in a probe. */
  announce(address: Ipv4Address, sender: number): void;
}

/** An address of ours. */
export class Claim {
  /** The address. */
  readonly address: Ipv4Address;
  /** Whether it is in use: no longer probed for. */
  settled: boolean;
  readonly #holder: ClaimHolder;
  readonly #done: ((ours: boolean) => void) | null;
  readonly #timer: Timer = new Timer(() => this.#step());
  readonly #yields: boolean;
  #left: number;
  #defended: number = -Infinity;

  /**
   * Claims an address.
   *
   * @param holder The layer.
   * @param address The address.
   * @param probe Whether to ask first whether another host has it.
   * @param done Hears whether one has, once that is known; only where it is asked.
   * @param yields Whether it is given up when another host uses it in spite of a defence.
   */
  constructor(
    holder: ClaimHolder,
    address: Ipv4Address,
    probe: boolean,
    done: ((ours: boolean) => void) | null = null,
    yields: boolean = false,
  ) {
    this.#yields = yields;
    this.#holder = holder;
    this.#done = done;
    this.address = address;
    this.settled = !probe;
    this.#left = probe ? PROBES : ANNOUNCEMENTS;
    holder.arm(this.#timer, probe ? holder.fraction() * PROBE_WAIT : 0);
  }

  /**
   * Hears that another host uses the address or wants it.
   *
   * @returns Whether the address was given up: it was still probed for, or yields.
   */
  conflict(): boolean {
    const now = this.#holder.now();
    if (!this.settled || this.#yields && now - this.#defended < DEFEND_INTERVAL) {
      this.end();
      this.#done?.(false);
      return true;
    }
    if (now - this.#defended >= DEFEND_INTERVAL) {
      this.#defended = now;
      this.#holder.announce(this.address, this.address);
    }
    return false;
  }

  /** Stops. */
  end(): void {
    this.#timer.deadline = Infinity;
  }

  #step(): void {
    const holder = this.#holder;
    if (!this.settled && this.#left === 0) {
      this.settled = true;
      this.#left = ANNOUNCEMENTS;
      this.#done?.(true);
    }
    holder.announce(this.address, this.settled ? this.address : 0);
    if (--this.#left > 0) holder.arm(this.#timer, this.settled ? ANNOUNCE_WAIT : PROBE_MIN * (1 + holder.fraction()));
    else if (!this.settled) holder.arm(this.#timer, ANNOUNCE_WAIT);
  }
}
