// Two stacks and a Hono app in one page: the browser's own fetch is not used, and no server is behind it.
//
//     deno task cli bundle examples/browser/page.ts --target browser --out examples/browser/page.js
//
// Then open examples/browser/index.html.

import { type Driver, stack } from "@bonsai/net";
import { memory } from "@bonsai/net/drivers/memory";
import { trace } from "@bonsai/net/plugins/trace";
import { arp } from "@bonsai/net/protocols/arp";
import { ethernet } from "@bonsai/net/protocols/ethernet";
import { http } from "@bonsai/net/protocols/http";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { tcp } from "@bonsai/net/protocols/tcp";
import { Hono } from "hono";

const app = new Hono()
  .get("/", (context) => context.text("Hello from a stack in this page"))
  .get("/hello/:name", (context) => context.json({ hello: context.req.param("name") }));

/** An element, as far as it is used here. */
interface Element {
  textContent: string;
  value: string;
  onsubmit: (event: Event) => void;
}

declare const document: { querySelector(selector: string): Element };

const packets = document.querySelector("#packets");
packets.textContent = "";

const [left, right] = memory("ethernet");
const host = (driver: Driver<"ethernet">, address: string) =>
  stack({
    driver,
    plugins: address.startsWith("10.0.0.1/") ? [trace((line) => packets.textContent += `${line}\n`)] : [],
    protocols: [ethernet(), arp(), ipv4({ address }), tcp(), http()],
  });
const client = host(left, "10.0.0.1/24");
const server = host(right, "10.0.0.2/24");
server.http.serve(app, { port: 80 });

/** Asks the app, over TCP, IP, ARP and Ethernet of this page. */
async function ask(path: string): Promise<void> {
  const response = await client.http.fetch(`http://10.0.0.2${path}`);
  document.querySelector("#answer").textContent = `${response.status} ${await response.text()}`;
}

document.querySelector("form").onsubmit = (event) => {
  event.preventDefault();
  void ask(document.querySelector("input").value);
};
void ask("/hello/browser");
