/** Answers as tests/captures/server.py does. */

export default async function answer(request: Request): Promise<Response> {
  if (request.method === "POST") {
    return new Response(await request.bytes(), { headers: { "content-type": "application/octet-stream" } });
  }
  const page = Array.from({ length: 200 }, (_, i) => `line ${i} of a page of several segments\n`).join("");
  const hello = new URL(request.url).pathname === "/hello";
  return new Response(hello ? "Hello from the kernel\n" : page, { headers: { "content-type": "text/plain" } });
}
