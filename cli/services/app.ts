/**
 * The HTTP app for conformance tools.
 *
 * @module
 */

/** Chunks of `/stream`. */
const CHUNKS = 10;
/** Bytes of each. */
const CHUNK = 1000;

/**
 * Answers a request.
 *
 * @param request The request.
 * @returns The response.
 */
export function app(request: Request): Response {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/":
      return new Response("bonsai\n");
    case "/echo":
      return new Response(request.body, {
        headers: { "content-type": request.headers.get("content-type") ?? "application/octet-stream" },
      });
    case "/headers":
      return Response.json(Object.fromEntries(request.headers));
    case "/url":
      return Response.json({ method: request.method, url: request.url });
    case "/stream":
      return new Response(stream());
    case "/empty":
      return new Response(null, { status: 204 });
    default:
      return new Response("Not found\n", { status: 404 });
  }
}

function stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = CHUNKS;
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(CHUNK).fill(0x61));
      if (--left === 0) controller.close();
    },
  });
}
