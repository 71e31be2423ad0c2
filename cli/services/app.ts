/**
 * The HTTP app for conformance tools.
 *
 * @module
 */

/** Chunks of `/stream`. */
const CHUNKS = 10;
/** Bytes of each. */
const CHUNK = 1000;
/** Bytes up to which `/echo` waits for the whole body. */
const WHOLE = 16_777_216;
const TEXT: ResponseInit = { headers: { "content-type": "text/plain;charset=UTF-8" } };
/** Bun says what a body is only where it serves it itself; where the host says it, to say it again costs time. */
const SAID: ResponseInit | undefined = new Response("").headers.has("content-type") ? undefined : TEXT;

/**
 * Answers a request.
 *
 * @param request The request.
 * @returns The response.
 */
export function app(request: Request): Response | Promise<Response> {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/":
      return new Response("bonsai\n", SAID);
    case "/echo":
      return echo(request);
    case "/headers":
      // Lines of one name are joined by get(); set-cookie would come as several.
      return Response.json(
        Object.fromEntries([...request.headers.keys()].map((name) => [name, request.headers.get(name)])),
      );
    case "/url":
      return Response.json({ method: request.method, url: request.url });
    case "/stream":
      return new Response(stream(), TEXT);
    case "/empty":
      return new Response(null, { status: 204 });
    default:
      return new Response("Not found\n", { ...SAID, status: 404 });
  }
}

/**
 * Gives the body back. One that is not large is read to its end first, so that a malformed one gets an error, and clients
 * that only read once they have sent everything are not waited for in vain.
 */
async function echo({ body, headers }: Request): Promise<Response> {
  const type = headers.get("content-type") ?? "application/octet-stream";
  const init = { headers: { "content-type": type } };
  if (!body) return new Response(null, init);
  const reader = body.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let size = 0; size <= WHOLE;) {
    const { done, value } = await reader.read();
    if (done) {
      return new Response(join(chunks, size), { headers: { "content-type": type, "content-length": `${size}` } });
    }
    chunks.push(value);
    size += value.length;
  }
  return new Response(
    new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
      },
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    }),
    init,
  );
}

function join(chunks: Uint8Array<ArrayBuffer>[], size: number): Uint8Array<ArrayBuffer> {
  if (chunks.length === 1) return chunks[0]!;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = CHUNKS;
  return new ReadableStream({
    async pull(controller) {
      // What is there at once would leave in one piece, with its length.
      if (left === CHUNKS) await new Promise((resolve) => setTimeout(resolve));
      controller.enqueue(new Uint8Array(CHUNK).fill(0x61));
      if (--left === 0) controller.close();
    },
  });
}
