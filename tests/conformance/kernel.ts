// Asks the kernel of this namespace every conformance case, through a TUN device. Run by `kernel_test.ts` inside a namespace;
// prints a line for each case.

import { tun } from "@bonsai/net/drivers/tun";
import { createServer } from "node:net";
import { createSocket } from "node:dgram";
import process from "node:process";
import { CASES } from "./cases.ts";
import { kernelWire } from "./wire.ts";

const LINE = Array.from({ length: 9500 }, (_, i) => String.fromCharCode(32 + i % 95)).join("");

const driver = tun("tun0", { host: "10.0.0.2/24" });
createServer({ allowHalfOpen: true }, (socket) => {
  socket.on("error", () => {});
  socket.pipe(socket);
}).listen(7, "0.0.0.0");
createServer((socket) => {
  socket.on("error", () => {});
  socket.resume();
}).listen(9, "0.0.0.0");
createServer((socket) => {
  socket.on("error", () => {});
  const more = (): void => {
    while (!socket.destroyed && socket.write(LINE));
  };
  socket.on("drain", more);
  more();
}).listen(19, "0.0.0.0");
const datagrams = createSocket("udp4");
datagrams.on("message", (data, from) => datagrams.send(data, from.port, from.address, () => {}));
datagrams.bind(7);
await new Promise((resolve) => setTimeout(resolve, 300));

const wire = kernelWire(driver);
const only = process.argv[2];
for (const { name, run } of CASES) {
  if (only && !name.includes(only)) continue;
  try {
    await run(wire);
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`failed ${name}: ${String((error as Error).message).split("\n").slice(0, 6).join(" | ")}`);
  }
}
driver.close();
process.exit(0);
