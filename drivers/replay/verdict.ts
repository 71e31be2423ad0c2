/**
 * Tells how a replayed TCP conversation came out.
 *
 * @module
 */

import { excerpt, firstDifference, type ReplayReport } from "./party.ts";
import type { Ending, RecordedConversation } from "./recorded_conversation.ts";
import type { Stream } from "./stream.ts";

/** What became of a conversation in a run. */
interface Played extends RecordedConversation {
  readonly live: Stream;
  readonly liveEnd: Ending;
  readonly reset: boolean;
  readonly stalled: string | null;
  readonly left: number;
}

/** What ends are called. */
const ENDS: Readonly<Record<Ending, string>> = {
  open: "stayed open",
  closed: "closed",
  reset: "reset the connection",
};

/**
 * Judges a conversation.
 *
 * @param conversation It.
 * @returns The verdict, and the first difference or why there can be none.
 */
export function judge(conversation: Played): Pick<ReplayReport, "verdict" | "reason"> {
  const { whole, cut, hole, stalled, reset, left, liveEnd, recordedEnd } = conversation;
  if (!whole) return { verdict: "impossible", reason: "the recording lacks its beginning" };
  if (cut) return { verdict: "impossible", reason: "its packets were cut short when they were recorded" };
  const recorded = conversation.recorded.bytes();
  const live = conversation.live.bytes();
  const at = firstDifference(recorded, live);
  if (hole && (at < 0 || at === recorded.length)) return { verdict: "impossible", reason: hole };
  const less = at === live.length && at < recorded.length;
  if (at >= 0 && !(less && stalled !== null)) {
    const end = less && reset ? ", and a reset" : "";
    const reason = `byte ${at}: ${excerpt(recorded, at)} was recorded, and ${excerpt(live, at)} came${end}`;
    return { verdict: "different", reason };
  }
  if (stalled !== null) return { verdict: "impossible", reason: stalled };
  if (liveEnd !== recordedEnd) {
    const reason = `the recorded host ${ENDS[recordedEnd]}, and the live one ${ENDS[liveEnd]}`;
    return { verdict: "different", reason };
  }
  if (left > 0) return { verdict: "impossible", reason: `${left} of its packets were not played` };
  return { verdict: "identical", reason: null };
}
