/**
 * Draws a connection's packets as a ladder: time goes down, each rung is a packet.
 *
 * @module
 */

import { html } from "hono/html";
import type { TcpEndpoint } from "../../protocols/tcp.ts";
import type { Role, Step } from "./story.ts";
import { count, duration, endText } from "./words.ts";

/** A piece of a page, safe to put into another one. */
export type Html = ReturnType<typeof html>;

/** The opening of a connection has at most so many rungs: two that find the neighbour, three of the handshake. */
const OPENING = 5;
/** The rungs of one request at most. */
const LATEST = 40;

const NAMES: Readonly<Record<Role, string>> = {
  neighbour: "Before the connection",
  handshake: "Handshake",
  request: "Request",
  response: "Response",
  ack: "Acknowledgement",
  close: "End",
  trouble: "Sent again",
};

/**
 * Draws a ladder: the handshake, and what belongs to the last request.
 *
 * @param steps The steps of the connection that are kept.
 * @param missing How many are not.
 * @param client Its end on the left.
 * @param server Its end on the right.
 * @returns The drawing, a list for those who hear it.
 */
export function ladder(steps: readonly Step[], missing: number, client: TcpEndpoint, server: TcpEndpoint): Html {
  const established =
    steps.slice(0, OPENING).findLastIndex(({ role }) => role === "handshake" || role === "neighbour") + 1;
  const request = steps.findLastIndex(({ begins, sent }) => begins && !sent);
  const from = Math.max(established, request, steps.length - LATEST);
  const skipped = from - established + missing;
  // After a gap time starts anew, for the request matters and not how long the visitor thought.
  const again = skipped > 0 ? steps[from]?.at ?? 0 : 0;
  const thought = again - (steps[established - 1]?.at ?? 0);
  return html`
    <div class="card ladder">
      <div class="ends" aria-hidden="true">
        <div>
          <span><b>Client</b><span class="mono">${endText(client)}</span></span>
          <span><b>Server</b><span class="mono">${endText(server)}</span></span>
        </div>
      </div>
      <ol aria-label="Packets between the client and the server">
          ${steps.slice(0, established).map((step) => rung(step, 0))}
          ${skipped > 0
            ? aside("gap", `${count(skipped)} packets of earlier requests. After ${duration(thought)}, this one:`)
            : ""}
          ${steps.slice(from).map((step) => rung(step, again))}
          ${aside("now", "Here this list was written. It reaches you in the packets that come next.")}
        </ol>
    </div>
  `;
}

function rung({ at, sent, role, label, text }: Step, start: number): Html {
  const way = sent ? "server to client" : "client to server";
  return html`
    <li class="${role} ${sent ? "out" : "in"}">
      <span class="time"><span class="hidden">after </span>${duration(at - start)}</span>
      <span class="lane"></span>
      <div class="arrow">
        <span class="label"><span class="hidden">${NAMES[role]}, ${way}: </span>${label}</span>
        <span
          class="shaft"><svg viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true"><path d="M0 2 100 10" /></svg></span>
      </div>
      <p class="words">${unbroken(text)}</p>
    </li>
  `;
}

/** Keeps numbers and their units on one line. */
function unbroken(text: string): string {
  return text.replace(/(\d) (?=[µmkM]?[sB]\b|bytes)/g, "$1\u00a0");
}

function aside(kind: string, text: string): Html {
  return html`<li class="${kind}"><span class="lane"></span><p class="words">${text}</p></li>`;
}
