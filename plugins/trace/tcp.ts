/**
 * The line of a TCP segment.
 *
 * @module
 */

import type { Reader } from "./reader.ts";

/** Conversations whose first sequence numbers are remembered; the oldest is forgotten. */
const FLOWS = 1024;

/** The first sequence numbers of conversations, so that lines count from 0 as people do. */
export class Flows {
  readonly #isns: Map<string, number> = new Map();

  /**
   * Keeps where a direction begins.
   *
   * @param flow The direction, such as `"10.0.0.1.80 > 10.0.0.2.5000"`.
   * @param isn Its first sequence number.
   */
  begin(flow: string, isn: number): void {
    this.#isns.delete(flow);
    this.#isns.set(flow, isn);
    if (this.#isns.size > FLOWS) this.#isns.delete(this.#isns.keys().next().value!);
  }

  /**
   * Counts from the beginning of a direction.
   *
   * @param flow The direction.
   * @param number A sequence number in it.
   * @returns The number from 0, or as it is when the beginning was not seen.
   */
  relative(flow: string, number: number): number {
    const isn = this.#isns.get(flow);
    return isn === undefined ? number : number - isn >>> 0;
  }
}

const FLAGS = ["F", "S", "R", "P", ".", "U", "E", "W"];

function flagText(flags: number): string {
  let text = "";
  for (let bit = 0; bit < 8; bit++) if (flags & 1 << bit) text += FLAGS[bit];
  return text || "none";
}

function optionText(reader: Reader, until: number): string {
  const texts: string[] = [];
  while (reader.at < until) {
    const kind = reader.u8();
    if (kind === 0) {
      texts.push("eol");
      break;
    }
    if (kind === 1) {
      texts.push("nop");
      continue;
    }
    const start = reader.at - 1;
    const length = reader.at < until ? reader.u8() : 0;
    if (length < 2 || start + length > until) {
      texts.push("[bad opt]");
      break;
    }
    if (kind === 2 && length === 4) texts.push(`mss ${reader.u16()}`);
    else if (kind === 3 && length === 3) texts.push(`wscale ${reader.u8()}`);
    else if (kind === 4 && length === 2) texts.push("sackOK");
    else if (kind === 5 && length >= 10 && length % 8 === 2) {
      const blocks: string[] = [];
      while (reader.at < start + length) blocks.push(`{${reader.u32()}:${reader.u32()}}`);
      texts.push(`sack ${blocks.length} ${blocks.join("")}`);
    } else if (kind === 8 && length === 10) texts.push(`TS val ${reader.u32()} ecr ${reader.u32()}`);
    else texts.push(`unknown-${kind}`);
    reader.at = start + length;
  }
  return texts.join(",");
}

/**
 * Describes a segment.
 *
 * @param reader Where its header begins.
 * @param from The sender's address.
 * @param to The receiver's address.
 * @param flows Where sequence numbers count from; null for the numbers as they are.
 * @returns The text, from the addresses on.
 */
export function describeTcp(reader: Reader, from: string, to: string, flows: Flows | null): string {
  const start = reader.at;
  const total = reader.left;
  const source = reader.u16();
  const destination = reader.u16();
  const seq = reader.u32();
  const ack = reader.u32();
  const size = reader.u8() >> 4 << 2;
  const flags = reader.u8();
  const win = reader.u16();
  reader.skip(2);
  const urgent = reader.u16();
  const there = `${from}.${source} > ${to}.${destination}`;
  if (reader.short) return there + ": tcp";
  let text = `${there}: Flags [${flagText(flags)}]`;
  if (size < 20) return `${text} [bad hdr length ${size}]`;
  const length = total - size;
  if (length < 0) reader.short = true;
  const payload = Math.max(0, length);
  const back = `${to}.${destination} > ${from}.${source}`;
  const syn = (flags & 2) !== 0;
  if (syn) flows?.begin(there, seq);
  const first = syn || !flows ? seq : flows.relative(there, seq);
  if (payload > 0) text += `, seq ${first}:${first + payload >>> 0}`;
  else if (flags & 7) text += `, seq ${first}`;
  if (flags & 16) text += `, ack ${flows ? flows.relative(back, ack) : ack}`;
  text += `, win ${win}`;
  if (flags & 32) text += `, urg ${urgent}`;
  if (size > 20) text += `, options [${optionText(reader, Math.min(start + size, reader.end))}]`;
  return `${text}, length ${payload}`;
}
