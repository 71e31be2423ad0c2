/**
 * The part of a line that tells of a TCP segment.
 *
 * @module
 */

import { getI32 } from "../../core/packet.ts";
import { MSS, optionLength, SACK, TIMESTAMPS, WINDOW_SCALE } from "../../protocols/tcp/options.ts";
import { ACK, FIN, HEADER_LENGTH, RST, SYN, URG } from "../../protocols/tcp/segment.ts";
import type { ByteWriter } from "./byte_writer.ts";
import type { Frame } from "../../testing/dissect/frame.ts";
import { words } from "./words.ts";

const FLAGS = words(": Flags [");
const SEQ = words("], seq ");
const NO_SEQ = words("]");
const ACKS = words(", ack ");
const WIN = words(", win ");
const URGENT = words(", urg ");
const OPTIONS = words(", options [");
const LENGTH = words(", length ");
const NAMES = words("FSRP.UEW");
const NOP = words("nop");
const EOL = words("eol");
const MSS_IS = words("mss ");
const WSCALE = words("wscale ");
const SACK_OK = words("sackOK");
const SACK_IS = words("sack ");
const TS_VAL = words("TS val ");
const TS_ECR = words(" ecr ");
const UNKNOWN = words("unknown-");
const WRONG = words("[bad opt]");

/**
 * Writes what a segment says.
 *
 * @param writer Takes it.
 * @param frame The frame, which has a TCP header.
 */
export function writeTcp(writer: ByteWriter, { tcp, segment, tcpLength }: Frame): void {
  const { bytes, at, have } = tcp;
  if (have < 16) return writer.text(": TCP, header cut or wrong");
  const flags = bytes[at + 13]!;
  writer.raw(FLAGS);
  if (flags === 0) writer.text("none");
  for (let bit = 0; bit < 8; bit++) if (flags & 1 << bit) writer.byte(NAMES[bit]!);
  const seq = segment.seq >>> 0;
  if (tcpLength > 0 || flags & (SYN | FIN | RST)) {
    writer.raw(SEQ);
    writer.number(seq);
    if (tcpLength > 0) {
      writer.byte(58);
      writer.number(seq + tcpLength >>> 0);
    }
  } else writer.raw(NO_SEQ);
  if (flags & ACK) {
    writer.raw(ACKS);
    writer.number(segment.ack >>> 0);
  }
  writer.raw(WIN);
  writer.number(segment.window);
  if (flags & URG) {
    writer.raw(URGENT);
    writer.number(segment.urgent);
  }
  if (have > HEADER_LENGTH) writeOptions(writer, bytes, at + HEADER_LENGTH, at + have);
  if (tcpLength < 0) return;
  writer.raw(LENGTH);
  writer.number(tcpLength);
}

function writeOptions(writer: ByteWriter, bytes: Uint8Array, at: number, end: number): void {
  writer.raw(OPTIONS);
  const first = at;
  let length = 0;
  for (; at < end; at += length) {
    if (at > first) writer.byte(44);
    length = optionLength(bytes, at, end);
    if (length <= 0) {
      writer.raw(length === 0 ? EOL : WRONG);
      break;
    }
    const kind = bytes[at]!;
    if (length === 1) writer.raw(NOP);
    else if (kind === TIMESTAMPS && length === 10) {
      writer.raw(TS_VAL);
      writer.number(getI32(bytes, at + 2) >>> 0);
      writer.raw(TS_ECR);
      writer.number(getI32(bytes, at + 6) >>> 0);
    } else if (kind === MSS && length === 4) {
      writer.raw(MSS_IS);
      writer.number(bytes[at + 2]! << 8 | bytes[at + 3]!);
    } else if (kind === WINDOW_SCALE && length === 3) {
      writer.raw(WSCALE);
      writer.number(bytes[at + 2]!);
    } else if (kind === 4 && length === 2) writer.raw(SACK_OK);
    else if (kind === SACK && length % 8 === 2) {
      writer.raw(SACK_IS);
      writer.number(length >> 3);
      writer.byte(32);
      for (let edge = at + 2; edge < at + length; edge += 8) {
        writer.byte(123);
        writer.number(getI32(bytes, edge) >>> 0);
        writer.byte(58);
        writer.number(getI32(bytes, edge + 4) >>> 0);
        writer.byte(125);
      }
    } else {
      writer.raw(UNKNOWN);
      writer.number(kind);
    }
  }
  writer.byte(93);
}
