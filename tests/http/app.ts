/** What the tests serve. */
export function app(request: Request): Response | Promise<Response> {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/":
      return new Response("hello");
    case "/echo":
      return request.bytes().then((bytes) => new Response(bytes));
    case "/pipe":
      return new Response(request.body);
    case "/method":
      return new Response(request.method);
    case "/host":
      return new Response(request.headers.get("host"));
    case "/empty":
      return new Response(null, { status: 204 });
    case "/close":
      return new Response("bye", { headers: { connection: "close" } });
    case "/upgrade":
      return new Response("no", { status: 426, headers: { upgrade: "b/2", connection: "Upgrade, close" } });
    case "/throw":
      throw new Error("the handler throws");
    case "/reject":
      return Promise.reject(new Error("the handler rejects"));
    case "/nothing":
      return undefined as unknown as Response;
    case "/stream": {
      let left = 10;
      return new Response(
        new ReadableStream({
          async pull(controller) {
            await new Promise((resolve) => queueMicrotask(() => resolve(null)));
            for (let i = 0; i < 20; i++) await null;
            if (left-- === 0) controller.close();
            else controller.enqueue(new Uint8Array(1000).fill(97));
          },
        }),
      );
    }
  }
  if (pathname.startsWith("/status/")) return new Response(null, { status: Number(pathname.slice(8)) });
  if (pathname.startsWith("/header/")) return new Response(request.headers.get(pathname.slice(8)));
  if (pathname.startsWith("/url")) return new Response(request.url);
  if (pathname.startsWith("/long/") || request.url.includes("//url") || pathname === "*") return new Response("ok");
  return new Response("no", { status: 404 });
}

/** The statuses of responses in a row; HEAD's have no content. */
export function statuses(text: string, methods: string[] = []): number[] {
  const found: number[] = [];
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\r\n\r\n", at);
    const head = text.slice(at, end + 4);
    const status = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n/.exec(head);
    if (end < 0 || !status) throw new Error(`no response: ${JSON.stringify(text.slice(at, at + 200))}`);
    found.push(Number(status[1]));
    at = end + 4;
    const length = /\r\nContent-Length: (\d+)\r\n/i.exec(head);
    const bare = methods[found.length - 1] === "HEAD" || ["204", "304", "100"].includes(status[1]!);
    if (bare) continue;
    if (length) at += Number(length[1]);
    else if (/\r\nTransfer-Encoding: chunked\r\n/.test(head)) {
      for (;;) {
        const line = text.indexOf("\r\n", at);
        const size = parseInt(text.slice(at, line), 16);
        at = line + 2 + size + 2;
        if (size === 0) break;
      }
    } else at = text.length;
  }
  return found;
}
