/**
 * What the test of the kernel's filter does, inside a namespace; run as a program.
 *
 * @module
 */

import { createSocket } from "node:dgram";
import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { assert, assertEquals } from "../std_assert/mod.ts";
import { stack } from "../../core/stack.ts";
import { tap } from "../../drivers/tap.ts";
import { arp } from "../../protocols/arp.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { icmp } from "../../protocols/icmp.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { kernelFilter } from "../../protocols/kernel_filter.ts";
import { udp } from "../../protocols/udp.ts";

const OURS = "10.9.0.2";
const driver = tap("tf0", { host: "10.9.0.1/24", persistent: true });
const net = stack({
  driver,
  protocols: [ethernet(), arp(), ipv4({ address: `${OURS}/24` }), icmp(), udp(), kernelFilter()],
});

function dropped(): number {
  return Number(readFileSync("/sys/class/net/tf0/statistics/tx_dropped", "utf8"));
}

/** Errors that say "unreachable" and came to the kernel. */
function unreachables(): number {
  const [names, values] = readFileSync("/proc/net/snmp", "utf8").split("\n").filter((line) => /^Icmp:/.test(line));
  return Number(values!.split(" ")[names!.split(" ").indexOf("InDestUnreachs")]);
}

async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

const kernel = createSocket("udp4");
await new Promise<void>((resolve) => kernel.bind(0, "10.9.0.1", resolve));
kernel.setBroadcast(true);

async function broadcast(port: number, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    await new Promise<void>((resolve, reject) =>
      kernel.send("unwanted", port, "10.9.0.255", (error) => error ? reject(error) : resolve())
    );
  }
}

// What the kernel says by itself when a link goes on comes first.
await sleep(500);
const before = { received: driver.counters.received, dropped: dropped() };
await broadcast(7, 500);
await sleep(100);
assert(dropped() >= before.dropped + 500, "the kernel drops what nobody reads");
const extra = driver.counters.received - before.received;
assert(extra < 5, `and wakes nobody for it, but ${extra} frames came through`);

// A port that is opened is heard from then on, and no more once it is closed.
let heard = 0;
const socket = net.udp.bind({ port: 7 }, () => heard++);
await broadcast(7, 50);
await sleep(100);
assertEquals(heard, 50);
socket.close();
const received = driver.counters.received;
await broadcast(7, 50);
await sleep(100);
assert(driver.counters.received - received < 5);

// What has an answer gets it: echo requests, and the error about a closed port.
await promisify(execFile)("ping", ["-c", "2", "-i", "0.1", "-W", "2", OURS]);
const errors = unreachables();
await new Promise<void>((resolve) => kernel.send("anybody?", 4444, OURS, () => resolve()));
await sleep(200);
assertEquals(unreachables() - errors, 1);
net.close();
// The thread that waited for the device lets go of it.
await sleep(200);

// The device stays, and holds no filter of ours any more.
const after = tap("tf0");
await sleep(100);
const mute = dropped();
await broadcast(7, 20);
assertEquals(dropped(), mute);
after.close();
execFileSync("ip", ["link", "delete", "tf0"]);
kernel.close();
console.log("done");
