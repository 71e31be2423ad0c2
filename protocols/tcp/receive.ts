/**
 * A segment arrives (RFC 9293, 3.10.7), for a connection that exists.
 *
 * @module
 */

import type { Packet } from "../../core/packet.ts";
import { acknowledge, takeAck } from "./acknowledge.ts";
import { answerStray, challenge } from "./challenge.ts";
import { end } from "./end.ts";
import { ACK, RST, type Segment, SYN } from "./segment.ts";
import { before, distance } from "./sequence.ts";
import { CLOSING, ESTABLISHED, SYN_RECEIVED, SYN_SENT } from "./state.ts";
import { EVENT_OPENED, type Tcb } from "./tcb.ts";
import { takeText } from "./text.ts";

/** The send MSS towards a peer that does not say (MUST-15), by family. */
const DEFAULT_MSS = { 4: 536, 6: 1220 };

/** The least send MSS: a peer that asks for less would make us send headers for nothing. */
const LEAST_MSS = 48;

/** What is taken for a full segment of the peer's before a larger one came (RFC 9293, MUST-15). */
const SMALL_MSS = 536;

/** Milliseconds after which a timestamp says nothing any more: 24 days (RFC 7323, 5.5). */
const TIMESTAMP_LIFETIME = 2_073_600_000;

/**
 * Takes a segment.
 *
 * @param tcb The connection, in any state but CLOSED.
 * @param segment The segment.
 * @param packet The packet that holds its data.
 * @returns Whether it must be answered with a reset.
 */
export function segmentArrives(tcb: Tcb, segment: Segment, packet: Packet): boolean {
  if (tcb.state === SYN_SENT) return inSynSent(tcb, segment, packet);
  const { counters, core } = tcb.shared;
  if (tcb.state === SYN_RECEIVED && segment.seq === tcb.irs && (segment.flags & (SYN | RST)) === SYN) {
    // The peer's SYN again, whatever data it bears: it has not heard ours.
    if (!(segment.flags & ACK)) {
      tcb.acknowledge();
      return false;
    }
    // Both opened at once: with the acknowledgement of our SYN.
    segment.seq = segment.seq + 1 | 0;
    segment.flags ^= SYN;
    tcb.ackNow = true;
  }
  if (!acceptable(tcb, segment)) return false;
  if (segment.flags & RST) reset(tcb, segment);
  else if (segment.flags & SYN) {
    if (tcb.state === SYN_RECEIVED && tcb.listener) {
      // The peer has begun anew: back to LISTEN (RFC 9293, 3.10.7.4), with a reset, as Linux does.
      end(tcb, null);
      return true;
    }
    // RFC 5961, 4: whoever really lost the connection answers the challenge with a reset.
    challenge(tcb);
  } else if (!(segment.flags & ACK)) counters.badFlags++;
  else {
    tcb.lastHeardAt = core.now();
    tcb.keepAliveProbes = 0;
    if (tcb.state === SYN_RECEIVED) {
      // RFC 9293, 3.10.7.4: an acknowledgement of anything but our SYN is answered with a reset.
      if (!before(tcb.sndUna, segment.ack) || before(tcb.sndMax, segment.ack)) return true;
      establish(tcb);
    }
    if (takeAck(tcb, segment)) takeText(tcb, segment, packet);
  }
  return false;
}

function inSynSent(tcb: Tcb, segment: Segment, packet: Packet): boolean {
  const { flags, ack } = segment;
  if (flags & ACK && (!before(tcb.iss, ack) || before(tcb.sndMax, ack))) return !(flags & RST);
  if (flags & RST) {
    // Only a reset that acknowledges our SYN can come from whom we asked.
    if (flags & ACK) reset(tcb, segment);
  } else if (!(flags & SYN)) tcb.shared.counters.badFlags++;
  else {
    takeSyn(tcb, segment);
    tcb.acknowledge();
    if (flags & ACK) {
      tcb.lastHeardAt = tcb.shared.core.now();
      establish(tcb);
      acknowledge(tcb, segment);
      segment.seq = tcb.rcvNxt;
      takeText(tcb, segment, packet);
    } else tcb.state = SYN_RECEIVED;
    // Both opened at once (MUST-10): our SYN goes again, with the acknowledgement of theirs.
  }
  return false;
}

/**
 * Takes what the peer's SYN says: its initial sequence number and options.
 *
 * @param tcb The connection.
 * @param segment The SYN.
 */
export function takeSyn(tcb: Tcb, segment: Segment): void {
  const { shared } = tcb;
  tcb.irs = segment.seq;
  tcb.rcvNxt = tcb.rcvUp = segment.seq + 1 | 0;
  // What our SYN told, or will tell.
  tcb.rcvAdv = tcb.rcvNxt + Math.min(shared.receiveBuffer, 65_535) | 0;
  tcb.peerMss = Math.max(segment.mss || DEFAULT_MSS[tcb.path.network.family], LEAST_MSS);
  tcb.rcvMss = Math.min(tcb.peerMss, SMALL_MSS);
  tcb.timestamps = shared.timestamps && segment.hasTimestamps;
  if (tcb.timestamps) {
    tcb.tsRecent = segment.tsVal;
    tcb.tsRecentAt = shared.core.now();
  }
  tcb.sack = shared.sack && segment.sackPermitted;
  tcb.scaling = segment.windowScale >= 0;
  tcb.sndShift = tcb.scaling ? segment.windowScale : 0;
  tcb.rcvShift = tcb.scaling ? shared.windowShift : 0;
  // The window of a SYN is not scaled.
  tcb.sndWnd = tcb.sndWndMax = segment.window;
  tcb.sndWl1 = segment.seq;
  tcb.sndWl2 = segment.ack;
}

/** The handshake is done. */
function establish(tcb: Tcb): void {
  tcb.state = ESTABLISHED;
  tcb.congestion = tcb.shared.congestion(tcb.mss);
  if (tcb.rtt.backedOff) {
    // A lost SYN is taken for congestion (RFC 6298, 5.7; RFC 5681, 3.1).
    tcb.congestion.cwnd = tcb.mss;
    tcb.rtt.afterSynTimeout();
  }
  if (tcb.listener) tcb.shared.counters.passiveOpens++;
  tcb.raise(EVENT_OPENED);
}

/** Whether a segment lies in the window (3.4): what lies outside is answered with an acknowledgement and dropped. */
function acceptable(tcb: Tcb, segment: Segment): boolean {
  const { flags, length, seq, tsVal } = segment;
  const { counters, core } = tcb.shared;
  const window = tcb.rcvWnd;
  const from = distance(seq, tcb.rcvNxt);
  if (
    tcb.timestamps && segment.hasTimestamps && !(flags & RST) && before(tsVal, tcb.tsRecent) &&
    core.now() - tcb.tsRecentAt < TIMESTAMP_LIFETIME
  ) {
    // PAWS (RFC 7323, 5.3 R1).
    counters.oldTimestamp++;
  } else if (length === 0 ? from >= 0 && from <= window : from + length > 0 && (from < window || from <= 0)) {
    // A closed window still takes what carries no data, or whose data is cut off: acknowledgements and resets (MUST-66).
    return true;
  } else {
    counters.outOfWindow++;
    if (flags & RST) return false;
    if (tcb.sack && segment.dataLength > 0 && from < 0) {
      tcb.receiveBuffer.outOfOrder.noteDuplicate(seq, seq + segment.dataLength | 0);
    }
  }
  answerStray(tcb, segment);
  return false;
}

function reset(tcb: Tcb, segment: Segment): void {
  const { state } = tcb;
  // RFC 5961, 3.2: only an exact hit resets; a near one may be forged.
  if (state !== SYN_SENT && segment.seq !== tcb.rcvNxt) return challenge(tcb);
  tcb.shared.counters.resetsReceived++;
  const error = state <= SYN_RECEIVED
    ? tcb.failure("ECONNREFUSED", "was refused")
    : state >= CLOSING
    ? null
    : tcb.failure("ECONNRESET", "was reset by the peer");
  end(tcb, error);
}
