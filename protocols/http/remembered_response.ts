/**
 * Responses that remember what they were made of.
 *
 * @module
 */

import { KnownBodies } from "./known_body.ts";

/** Where a response keeps its {@linkcode GivenBody}. */
const GIVEN: unique symbol = /* @__PURE__ */ Symbol("given body");

const TYPE = "content-type";

type Marked = Response & { [GIVEN]?: GivenBody | null };

/** What a response was made of, in the shape that {@linkcode KnownBodies} looks for. */
class GivenBody {
  readonly body: string | Uint8Array;
  readonly streamOrStatic: GivenBody = this;
  readonly #response: Response;
  #sent: boolean = false;

  constructor(body: string | Uint8Array, response: Response) {
    this.body = body;
    this.#response = response;
  }

  get consumed(): boolean {
    return this.#sent || this.#response.bodyUsed;
  }

  set consumed(sent: boolean) {
    this.#sent = sent;
  }
}

/**
 * Replaces the global `Response` by one that remembers the text or bytes that it was made of.
 *
 * The standard interface shows a body only as a stream, and to read that costs as much as all else that a server does for a
 * request. Where the host shows what is behind it, as Deno does, this does nothing. Elsewhere, as in Bun, an app that
 * serves many small responses may call it before it serves. A text without a type becomes text/plain at once, as the
 * standard has it and Bun leaves to its own server. Everything else about responses stays as it was: what the new
 * constructor returns are the host's own.
 */
export function rememberBodies(): void {
  if (new KnownBodies().shown) return;
  const Host = globalThis.Response;
  const remember = (response: Response, body: unknown): Response => {
    if (body === null || body === undefined) (response as Marked)[GIVEN] = null;
    else if (typeof body === "string" || body instanceof Uint8Array) {
      // As the host has it, a copy: the app may go on to use its bytes.
      const given = typeof body === "string" ? body : new Uint8Array(body);
      (response as Marked)[GIVEN] = new GivenBody(given, response);
      const { headers } = response;
      if (typeof body === "string" && !headers.has(TYPE)) headers.set(TYPE, "text/plain;charset=UTF-8");
    }
    return response;
  };
  function Remembering(body?: BodyInit | null, init?: ResponseInit): Response {
    const derived = new.target && new.target !== (Remembering as unknown) ? new.target : Host;
    return remember(Reflect.construct(Host, [body, init], derived) as Response, body);
  }
  // The statics too, of which json() alone is given a text.
  Object.setPrototypeOf(Remembering, Host);
  Remembering.prototype = Host.prototype;
  Remembering.json = (value: unknown, init?: ResponseInit): Response =>
    remember(Host.json(value, init), JSON.stringify(value));
  Object.defineProperty(Remembering, "name", { value: "Response" });
  (globalThis as { Response: unknown }).Response = Remembering;
}
