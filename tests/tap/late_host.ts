/**
 * A host that starts on a device on which the kernel sends already: for up to a second after somebody opened its device it does
 * not, and drops what it would say. `late_host.ts ADDRESS CIDR6`, where the kernel has the first address of the IPv4 network;
 * prints a line of JSON once it is known whether the IPv6 address is free.
 *
 * @module
 */

import { Packet } from "@bonsai/net";
import { tap } from "@bonsai/net/drivers/tap";
import type { Ipv6 } from "@bonsai/net/protocols/ipv6";
import process from "node:process";
import { host } from "../../cli/host.ts";

const [address, address6] = process.argv.slice(2);
const driver = tap("tap0");
const [a, b, c] = address!.split(".").map(Number) as [number, number, number];
// "Who has the first address?", asked by nobody (RFC 5227, 2.1.1).
const question = Uint8Array.of(
  ...[255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 77, 8, 6],
  ...[0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 77, 0, 0, 0, 0],
  ...[0, 0, 0, 0, 0, 0, a, b, c, 1],
);
const packet = new Packet(2000);
for (let heard = false; !heard;) {
  packet.write(question);
  driver.transmit(packet);
  driver.flush();
  await driver.wait(100);
  for (packet.reset(); driver.receive(packet); packet.reset()) heard ||= packet.u16(12) === 0x0806;
}
const net = host(driver, {
  address: `${address}/24`,
  address6: address6!,
  open: () => driver,
  gateway: undefined,
  gateway6: undefined,
});
const end = performance.now() + 15_000;
const asked = (): boolean => net.counters().ndp!.conflicts! > 0;
while (!asked() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
// A host that gave the address up does not take it later either.
await new Promise((resolve) => setTimeout(resolve, 1500));
const { ipv6 } = net as unknown as { ipv6: Ipv6 };
const addresses = ipv6.addresses.map(({ address }) => `${address}`);
console.log(JSON.stringify({ conflicts: net.counters().ndp!.conflicts, addresses }));
net.close();
