// node:http beside the other servers of http_tap.ts: `node bench/node_http.mjs NAME PORT`. Node 20 runs no TypeScript.

import { createServer } from "node:http";

const BODY = "Hello from a Hono handler\n";

createServer((_, response) => {
  response.writeHead(200, { "content-type": "text/plain; charset=UTF-8", "content-length": BODY.length });
  response.end(BODY);
}).listen(Number(process.argv[3]), () => console.log("ready"));
