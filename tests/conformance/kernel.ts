// Asks the kernel of this namespace every conformance case, through a TUN and a TAP device. Run by `kernel_test.ts` inside a
// namespace; prints a line for each case: of those alone whose names hold the first argument, over the medium ("ip" or
// "ethernet") of the second, in an order made from the third, a seed.

import { seededRandom } from "@bonsai/net";
import { tap } from "@bonsai/net/drivers/tap";
import { tun } from "@bonsai/net/drivers/tun";
import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import process from "node:process";
import type { Case } from "./case.ts";
import { OVER_ETHERNET, OVER_IP } from "./suites.ts";
import { kernelWire, type Wire } from "./wire.ts";

const LINE = Array.from({ length: 9500 }, (_, i) => String.fromCharCode(32 + i % 95)).join("");

const driver = tun("tun0", { host: "10.0.0.2/24" });
const frames = tap("tap0", { host: "10.1.0.2/24", host6: "fd01::2/64" });
createServer({ allowHalfOpen: true }, (socket) => {
  socket.on("error", () => {});
  socket.pipe(socket);
}).listen(7, "::");
createServer((socket) => {
  socket.on("error", () => {});
  socket.resume();
}).listen(9, "::");
createServer((socket) => {
  socket.on("error", () => {});
  const more = (): void => {
    while (!socket.destroyed && socket.write(LINE));
  };
  socket.on("drain", more);
  more();
}).listen(19, "::");
createServer({ allowHalfOpen: true }, (socket) => {
  socket.on("error", () => {});
  let head = "";
  socket.on("data", (data) => {
    head += data;
    if (head.includes("\r\n\r\n")) socket.end("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 3\r\n\r\nok\n");
  });
}).listen(80, "::");
for (const family of ["udp4", "udp6"] as const) {
  const datagrams = createSocket({ type: family, ipv6Only: family === "udp6" });
  datagrams.on("message", (data, from) => {
    if (from.port !== 0) datagrams.send(data, from.port, from.address, () => {});
  });
  datagrams.bind(7);
}
// Cases do not hear of each other: all hosts share one limit of ICMP errors, which is soon forgotten, instead of an error a
// second for each; and no connection begins with what was measured on the one before.
for (
  const setting of [
    "net.ipv4.icmp_ratelimit=0",
    "net.ipv6.icmp.ratelimit=0",
    "net.ipv4.icmp_msgs_per_sec=1000",
    "net.ipv4.icmp_msgs_burst=50",
    "net.ipv4.tcp_no_metrics_save=1",
  ]
) spawnSync("sysctl", ["-qw", setting], { stdio: "inherit" });
// The kernel asks whether it may have its addresses, and its device sends nothing for a while.
await new Promise((resolve) => setTimeout(resolve, 2500));

const wire = kernelWire(driver);
const mac = readFileSync("/sys/class/net/tap0/address", "latin1").trim().split(":").map((byte) => parseInt(byte, 16));
const lan = { ...kernelWire(frames), mac };
const [only = "", medium = "", seed = ""] = process.argv.slice(2);

async function ask(name: string, run: () => Promise<void>): Promise<void> {
  // What a case has told it of the MTU of a way.
  for (const family of ["-4", "-6"]) spawnSync("ip", [family, "route", "flush", "cache"]);
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`failed ${name}: ${String((error as Error).message).split("\n").slice(0, 6).join(" | ")}`);
  }
}

/** The cases that were asked for, in their order. */
function chosen<W extends Wire>(cases: readonly Case<W>[]): Case<W>[] {
  const list = cases.filter(({ name }) => name.includes(only));
  if (seed !== "") {
    const random = seededRandom(Number(seed));
    for (let i = list.length; i-- > 1;) {
      const other = (random() >>> 0) % (i + 1);
      [list[i], list[other]] = [list[other]!, list[i]!];
    }
  }
  return list;
}

if (medium !== "ethernet") { for (const { name, run } of chosen(OVER_IP)) await ask(name, () => run(wire)); }
if (medium !== "ip") { for (const { name, run } of chosen(OVER_ETHERNET)) await ask(name, () => run(lan)); }
driver.close();
frames.close();
process.exit(0);
