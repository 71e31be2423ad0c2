/** The app that the recording is of. Break it, and see the test tell where. */
export function app(request: Request): Response {
  const { pathname } = new URL(request.url);
  return pathname === "/" ? new Response("hello\n") : new Response("Not found\n", { status: 404 });
}
