/** An app as a user has it: what the module exports by default answers requests. */
export default (request: Request): Response => new Response(`${request.method} ${new URL(request.url).pathname}`);
