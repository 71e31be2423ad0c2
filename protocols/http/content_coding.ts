/**
 * Content codings (RFC 9110, 8.4), which `fetch` undoes by itself.
 *
 * @module
 */

import { elements } from "./framing.ts";

/** The codings that are undone, as `Accept-Encoding` lists them; the host has these on board. */
export const CODINGS = "gzip, deflate";
/** Codings that are undone of one content. Each takes memory, and its name a few bytes of a head: nobody means more. */
const MOST = 4;

/**
 * Undoes the codings of content.
 *
 * @param content The content as it came.
 * @param headers The fields, which say how it is coded; one that nobody asked for is left as it is, and so are too many.
 * @returns The content as it was meant.
 */
export function decodeContent(
  content: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>,
  headers: Headers,
): BodyInit {
  const codings = elements(headers.get("content-encoding") ?? "");
  if (codings.length > MOST) return content;
  for (let coding = codings.pop(); coding !== undefined; coding = codings.pop()) {
    const format = coding.replace("x-gzip", "gzip");
    if (format !== "gzip" && format !== "deflate") break;
    const stream = content instanceof Uint8Array ? new Blob([content]).stream() : content;
    content = stream.pipeThrough(new DecompressionStream(format));
  }
  return content;
}
