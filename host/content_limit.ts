/**
 * `maxContent` over the host's servers, which have no such limit in common.
 *
 * @module
 */

import type { ServeHandler } from "../protocols/http.ts";

/**
 * Answers requests with too much content by 413, whether they tell its length or not.
 *
 * @param handler Answers the others.
 * @param most Bytes of content.
 */
export function limitContent(handler: ServeHandler, most: number): ServeHandler {
  return async (request, info) => {
    if (Number(request.headers.get("content-length")) > most) return tooLarge();
    if (!request.body) return await handler(request, info);
    let size = 0;
    const body = request.body.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform(chunk, controller) {
          size += chunk.length;
          if (size > most) controller.error(new RangeError(`The content is longer than ${most} bytes`));
          else controller.enqueue(chunk);
        },
      }),
    );
    const { url, method, headers } = request;
    const limited = new Request(url, { method, headers, body, duplex: "half" } as RequestInit);
    // Deno warns whoever looks at it, which few do.
    Object.defineProperty(limited, "signal", { get: () => request.signal });
    try {
      return await handler(limited, info);
    } catch (error) {
      if (size > most) return tooLarge();
      throw error;
    }
  };
}

function tooLarge(): Response {
  return new Response("Content Too Large\n", { status: 413, headers: { connection: "close" } });
}
