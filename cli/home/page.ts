/**
 * The home page, in two parts: the first is sent before the second is written, so that the second can tell how the first
 * fared.
 *
 * @module
 */

import { html, raw } from "hono/html";
import type { TcpEndpoint } from "../../protocols/tcp.ts";
import type { Facts, Hop } from "./facts.ts";
import { type Html, ladder } from "./ladder.ts";
import type { Totals } from "./log.ts";
import { ladderCss } from "./ladder_css.ts";
import { pageCss } from "./page_css.ts";
import { pageScript } from "./page_script.ts";
import { partsCss } from "./parts_css.ts";
import type { Durations, Step } from "./story.ts";
import { bytes, count, duration } from "./words.ts";

/** A tree in a pot. */
const TREE = raw(
  `<svg viewBox="0 0 64 64" aria-hidden="true"><g fill="var(--leaf)"><ellipse cx="24" cy="19" rx="17" ry="9"/>` +
    `<ellipse cx="43" cy="27" rx="14" ry="7.5"/><ellipse cx="36" cy="13" rx="11" ry="7"/></g>` +
    `<path d="M30 50c1-7 6-9 5-15-1-5-6-6-8-11M35 37c3-1 5-3 7-6" fill="none" stroke="var(--handshake)" ` +
    `stroke-width="3.5" stroke-linecap="round"/><path d="M15 50h34l-4 9H19z" fill="var(--close)"/></svg>`,
);

/**
 * The first part: what is known as soon as the request is there.
 *
 * @param facts What the app knows.
 * @param hops The way of the request.
 * @param request Its first line.
 * @returns The beginning of a document.
 */
export function firstPart(facts: Facts, hops: readonly Hop[], request: string): Html {
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>bonsai: what just happened</title>
        <link rel="icon" href="data:,">
        <style>${raw(pageCss + partsCss + ladderCss)}</style>
      </head>
      <body>
        <header>
          <div class="brand">${TREE}bonsai</div>
          <h1>This page came through a TCP/IP stack written in TypeScript</h1>
          <p class="lead">
                ${facts
                  .sentence} What follows is what the stack counted and captured while it answered this very request.
              </p>
        </header>
        <main>
          <h2>The way of your request</h2>
          <p>What is framed in green is bonsai, in one process of ${facts.runtime}.</p>
          <ol class="hops">
                ${[...hops, {
                  name: "App",
                  address: request,
                  text: "Hono, called with a Request. Its Response is this page.",
                  ours: false,
                }].map(hop)}
              </ol>
  `;
}

function hop({ name, address, text, ours }: Hop): Html {
  return html`<li class="card ${ours ? "inside" : ""}"><b>${name}</b><span class="mono">${address}</span>${text}</li>`;
}

/** What the second part tells. */
export interface Story {
  /** The other end. */
  readonly remote: TcpEndpoint;
  /** This stack's end. */
  readonly local: TcpEndpoint;
  /** What passed so far. */
  readonly totals: Totals;
  /** How long it took. */
  readonly durations: Durations;
  /** The packets that are kept, one by one. */
  readonly steps: readonly Step[];
  /** How many are not kept. */
  readonly missing: number;
  /** The same as `tcpdump` prints them. */
  readonly lines: readonly string[];
}

/**
 * The second part: what the packets of the first part tell.
 *
 * @param facts What the app knows.
 * @param story What happened so far.
 * @returns The end of the document.
 */
export function secondPart(facts: Facts, story: Story): Html {
  const { remote, local, steps, missing, lines } = story;
  return html`
          <h2>In figures</h2>
          <p>This connection up to now, as the serving stack’s capture has it.</p>
          ${figures(facts, story)}

          <h2>The packets of this connection</h2>
          <p>
            Time goes down; it counts from the first packet. The top of this page was sent first, so that its packets, and
            their acknowledgements, could be drawn here.
          </p>
          ${ladder(steps, missing, remote, local)}
          <details class="card">
      <summary>The same, as tcpdump prints it</summary>
      <pre tabindex="0">${lines.join("\n")}</pre>
      <a href="/capture.pcapng" download>Take the last packets to Wireshark</a>
    </details>

          <h2>Try it</h2>
          <div class="try">
      <section class="card" aria-labelledby="try-stream">
        <h3 id="try-stream">A streamed response</h3>
        <p>Ten lines, one every 200 ms. Each is sent as it is written: chunks of HTTP, segments of TCP.</p>
        <div class="acts">
                <button id="watch" type="button">Watch it come</button><a href="/stream">open /stream</a>
              </div>
        <output id="watched" aria-live="polite"></output>
      </section>
      <section class="card" aria-labelledby="try-echo">
        <h3 id="try-echo">An upload that comes back</h3>
        <p><code>POST /echo</code> returns what it gets while it still comes in. Your browser compares SHA-256.</p>
        <div class="acts">
          <button id="random" type="button">Send 5 MB of noise</button>
          <label class="file">Choose a file<input class="hidden" id="file" type="file"></label>
        </div>
        <output id="echoed" aria-live="polite"></output>
      </section>
      <section class="card" aria-labelledby="try-api">
        <h3 id="try-api">The same for programs</h3>
        <p>All that this page shows, as JSON.</p>
        <ul>
          <li><a href="/api/connection">/api/connection</a> this connection, packet by packet</li>
          <li><a href="/api/stats">/api/stats</a> every counter of the stack</li>
        </ul>
      </section>
    </div>

          <details class="card">
            <summary>What every layer counted since the start</summary>
            ${layers(facts.net.counters())}
          </details>
        </main>
        <footer>
          bonsai ${facts.version} on ${facts.runtime}. Reload to see a request on a connection that is open already.
        </footer>
        <script>${raw(pageScript)}</script>
      </body>
    </html>
  `;
}

function figures(facts: Facts, { totals, durations, remote }: Story): Html {
  const { segmentsIn, segmentsOut, bytesIn, bytesOut, again, requests } = totals;
  const { handshake, answer } = durations;
  const rtt = facts.roundTripTime(remote);
  const tile = (name: string, value: string, note: string): Html =>
    html`
      <div class="card">
        <dt>${name}</dt>
        <dd>${value}<small>${note}</small></dd>
      </div>
    `;
  return html`<dl class="figures">
    ${handshake === null ? "" : tile("Handshake", duration(handshake), "from SYN-ACK to its ACK: one round trip")}
    ${
    rtt
      ? tile(
        "Smoothed round trip",
        rtt < 1 ? "< 1 ms" : `${Math.round(rtt)} ms`,
        "SRTT of the client’s TCP: waits for answers count",
      )
      : ""
  }
    ${answer === null ? "" : tile("Answer", duration(answer), "from the request’s arrival to the first byte back")}
    ${tile("Segments", `${count(segmentsIn)} in, ${count(segmentsOut)} out`, `${again} of them sent again`)}
    ${tile("Data", `${bytes(bytesIn)} in`, `${bytes(bytesOut)} out`)}
    ${tile("Requests", count(requests), requests > 1 ? "on one connection, kept alive" : "on this connection")}
  </dl>`;
}

function layers(counters: Record<string, Record<string, number>>): Html {
  return html`<div class="layers">${
    Object.entries(counters).map(([layer, fields]) => {
      const shown = Object.entries(fields).filter(([, value]) => value !== 0);
      return shown.length === 0 ? "" : html`<dl><b>${layer}</b>${
        shown.map(([name, value]) =>
          html`
            <dt>${name}</dt>
            <dd>${count(value)}</dd>
          `
        )
      }</dl>`;
    })
  }</div>`;
}
