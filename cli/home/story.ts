/**
 * Tells what each packet of a connection does, in words for people who have not met TCP before.
 *
 * @module
 */

import type { ConnectionRecord } from "./log.ts";
import { ACK, FIN, type NeighbourSeen, RST, type Seen, type Segment, SYN } from "./segments.ts";
import { bytes, count, duration } from "./words.ts";

/** The role of a packet, by which it is coloured. */
export type Role = "neighbour" | "handshake" | "request" | "response" | "ack" | "close" | "trouble";

/** One step of a ladder. */
export interface Step {
  /** When it passed, in milliseconds since the first packet. */
  readonly at: number;
  /** Whether the server sent it. */
  readonly sent: boolean;
  /** Its role. */
  readonly role: Role;
  /** What it is, in a few letters, such as `"SYN"`. */
  readonly label: string;
  /** What it does, in a sentence or two. */
  readonly text: string;
  /** Whether an HTTP message begins in it. */
  readonly begins: boolean;
}

/** How long things took. */
export interface Durations {
  /** Milliseconds from our SYN-ACK to the ACK of it; null where they were not seen. */
  readonly handshake: number | null;
  /** Milliseconds from the last request's arrival to the first byte of its answer; null where there is none yet. */
  readonly answer: number | null;
}

function isTcp(seen: Seen): seen is Segment {
  return seen.kind === "tcp";
}

/**
 * Takes the time of a connection.
 *
 * @param record What is kept of it.
 * @returns How long things took.
 */
export function measure({ first, last }: ConnectionRecord): Durations {
  const segments = [...first, ...last].filter(isTcp);
  const synAck = segments.find((one) => one.flags & SYN && one.sent);
  const ack = synAck && segments.find((one) => !one.sent && !(one.flags & SYN) && one.time >= synAck.time);
  const request = segments.findLast((one) => !one.sent && one.line !== "");
  const answer = request && segments.find((one) => one.sent && one.length > 0 && one.time >= request.time);
  return {
    handshake: synAck && ack ? ack.time - synAck.time : null,
    answer: request && answer ? answer.time - request.time : null,
  };
}

/**
 * Tells a connection's packets one by one.
 *
 * @param record What is kept of it.
 * @returns One step for each packet that is kept.
 */
export function tell({ first, last }: ConnectionRecord): Step[] {
  const teller = new Teller(first[0]?.time ?? 0);
  return [...first, ...last].map((one) => teller.step(one));
}

/** Remembers what was told, so that a packet is explained at length only the first time. */
class Teller {
  readonly #start: number;
  readonly #told: Set<string> = new Set();
  #synAckAt: number = -1;
  /** Whether the server has acknowledged the last request before it answered. */
  #acknowledged: boolean = false;
  /** Number of the last byte that each side sent before its FIN. */
  readonly #last: Record<"in" | "out", number> = { in: Infinity, out: Infinity };
  /** Bytes of the message that each side is sending, up to the last packet. */
  readonly #message: Record<"in" | "out", number> = { in: 0, out: 0 };

  constructor(start: number) {
    this.#start = start;
  }

  step(one: Seen): Step {
    const [role, label, text] = one.kind === "neighbour" ? this.#neighbour(one) : this.#segment(one);
    const begins = one.kind === "tcp" && one.line !== "" && !one.again;
    return { at: one.time - this.#start, sent: one.sent, role, label, text, begins };
  }

  /** The long words once, the short ones from then on. */
  #once(topic: string, long: string, short: string): string {
    if (this.#told.has(topic)) return short;
    this.#told.add(topic);
    return long;
  }

  #neighbour({ protocol, asks }: NeighbourSeen): [Role, string, string] {
    return asks
      ? [
        "neighbour",
        `${protocol}: who has it?`,
        "IP knows addresses, the link knows network cards. So first: whose card has this address?",
      ]
      : [
        "neighbour",
        `${protocol}: it is me`,
        "The answer names the card’s MAC address. Both sides remember it for a while.",
      ];
  }

  #segment(one: Segment): [Role, string, string] {
    const { flags, sent, seq, length } = one;
    if (flags & RST) return ["close", "RST", "The connection is over at once, whatever was under way."];
    if (flags & SYN) return this.#syn(one);
    if (flags & FIN) this.#last[sent ? "out" : "in"] = seq + length - 1;
    const end = flags & FIN ? this.#fin(sent) : "";
    if (length > 0) {
      const [role, label, text] = this.#data(one);
      return [role, flags & FIN ? `${label} + FIN` : label, `${text} ${end}`.trim()];
    }
    if (flags & FIN) return ["close", "FIN", end];
    return this.#ack(one);
  }

  #syn({ flags, again, mss, shift, time }: Segment): [Role, string, string] {
    const label = flags & ACK ? "SYN-ACK" : "SYN";
    if (again) return ["trouble", `${label}, again`, "No answer came in time, so it is sent again."];
    const size = `I take ${count(mss || 536)} bytes a segment`;
    const room = shift > 0 ? `${size}, and my windows count in units of ${2 ** shift} bytes` : size;
    if (!(flags & ACK)) return ["handshake", label, `“May we talk? My bytes are numbered from here. ${room}.”`];
    this.#synAckAt = time;
    return ["handshake", label, `“I hear you. My bytes are numbered from here. ${room}.”`];
  }

  #fin(sent: boolean): string {
    const who = sent ? "The server" : "The client";
    return this.#once(
      "fin",
      `${who} has nothing more to send; the other direction stays open until its own FIN.`,
      `${who} is done as well.`,
    );
  }

  #data({ sent, again, length, line }: Segment): [Role, string, string] {
    const way = sent ? "out" : "in";
    const before = line ? 0 : this.#message[way];
    if (again) {
      return ["trouble", `${bytes(length)}, again`, "Lost on its way, or its acknowledgement was: sent again."];
    }
    this.#message[way] = before + length;
    if (line) this.#message[sent ? "in" : "out"] = 0;
    if (!sent) this.#acknowledged = false;
    const role = sent ? "response" : "request";
    const range = `Bytes ${count(before + 1)} to ${count(before + length)} of the ${role}`;
    if (!line) {
      return [
        role,
        bytes(length),
        this.#once(`more ${role}`, `${range}. More than one segment holds, so it goes in pieces.`, `${range}.`),
      ];
    }
    return sent
      ? [
        role,
        line.slice(9),
        this.#once(
          "response",
          `The answer begins: ${count(length)} bytes. ${
            this.#acknowledged ? "" : "With them goes the acknowledgement of the request."
          }`.trim(),
          `The answer: ${count(length)} bytes.`,
        ),
      ]
      : [
        role,
        line,
        this.#once(
          "request",
          `Your request: ${count(length)} bytes of text, in one segment.`,
          `The next request, ${count(length)} bytes on the same connection: no new handshake.`,
        ),
      ];
  }

  #ack({ sent, ack, time }: Segment): [Role, string, string] {
    if (!sent && this.#synAckAt >= 0 && !this.#told.has("established")) {
      this.#told.add("established");
      const took = duration(time - this.#synAckAt);
      return ["handshake", "ACK", `Both know that both can hear. The round trip took ${took}; now bytes may flow.`];
    }
    if (sent) this.#acknowledged = true;
    // Of a connection that was met half-way the numbers mean nothing; a FIN counts as a byte, but is none.
    const last = Math.min(ack - 1, this.#last[sent ? "in" : "out"]);
    const upTo = this.#synAckAt >= 0 ? `everything up to byte ${count(last)}` : "everything so far";
    const text = this.#once(
      "ack",
      `“I have ${upTo}.” What is not acknowledged in time would be sent again.`,
      `“I have ${upTo}.”`,
    );
    return ["ack", "ACK", text];
  }
}
