/** The app that the recording is of. Break it, and see the test tell where. */
export function app(request: Request): Response {
  const { pathname } = new URL(request.url);
  // Deno names the type of a text by itself, Bun does not: said here, what one recorded is what the other answers.
  const headers = { "content-type": "text/plain" };
  return pathname === "/"
    ? new Response("hello\n", { headers })
    : new Response("Not found\n", { headers, status: 404 });
}
