/**
 * The body of a response that lies in memory already.
 *
 * The standard interface shows a body only as a stream, which costs as much as all else that HTTP does for a request. Some
 * hosts keep a body that was given as text or bytes under a symbol of their prototype, and the fields likewise; where a
 * sample shows that this one does, that is read instead. Where it does not, the stream is.
 *
 * @module
 */

/** What such a host has: its name for it is `InnerBody`. */
interface InnerBody {
  readonly streamOrStatic: { readonly body?: unknown; consumed?: boolean };
}

type Symbols = Readonly<Record<symbol, unknown>>;

/** Field lines: names and values. */
export type FieldList = readonly (readonly [name: string, value: string])[];

/** Reads bodies and fields of responses. */
export class KnownBodies {
  readonly #body: symbol | undefined;
  readonly #inner: symbol | undefined;

  /** Finds out what the host shows. */
  constructor() {
    const sample = new Response("sample", { headers: { "x-sample": "1" } });
    const show = sample as unknown as Symbols;
    const own = Object.getOwnPropertySymbols(sample);
    this.#body = [...Object.getOwnPropertySymbols(Response.prototype), ...own].find((key) => {
      try {
        const { body, consumed } = (show[key] as InnerBody).streamOrStatic;
        return body === "sample" && consumed === false;
      } catch {
        return false;
      }
    });
    if (!this.#body) return;
    this.#inner = own.find((key) => {
      const list = (show[key] as { headerList?: FieldList } | null)?.headerList;
      return Array.isArray(list) && list.some(([name, value]) => name === "x-sample" && value === "1");
    });
  }

  /** Whether this host shows bodies. */
  get shown(): boolean {
    return this.#body !== undefined;
  }

  /**
   * Takes the body out of a response.
   *
   * @param response The response; its body counts as read then.
   * @returns Text or bytes; null for no body; undefined when it is to be read as a stream.
   */
  take(response: Response): string | Uint8Array | null | undefined {
    const inner = this.#body && (response as unknown as Symbols)[this.#body] as InnerBody | null;
    if (inner === null) return null;
    if (!inner) return response.body === null ? null : undefined;
    const given = inner.streamOrStatic;
    const { body } = given;
    if (given.consumed !== false || typeof body !== "string" && !(body instanceof Uint8Array)) return undefined;
    given.consumed = true;
    return body;
  }

  /**
   * The fields of a response whose body was taken.
   *
   * @param response The response.
   * @returns The field lines.
   */
  fields(response: Response): FieldList {
    if (this.#inner) {
      const inner = (response as unknown as Symbols)[this.#inner] as { headerList?: FieldList } | undefined;
      // The host may put off filling the list until somebody looks, for a response with no field but its content type.
      if (inner?.headerList && inner.headerList.length > 0) return inner.headerList;
    }
    const list: [string, string][] = [];
    response.headers.forEach((value, name) => list.push([name, value]));
    return list;
  }
}
