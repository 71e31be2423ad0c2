/**
 * What the tests of the TAP and TUN drivers do inside a namespace; run as a program, with the scenario's name.
 *
 * @module
 */

import { execFile, execFileSync } from "node:child_process";
import { assert, assertEquals, assertMatch, assertThrows } from "../std_assert/mod.ts";
import { NetError } from "../../core/net_error.ts";
import { HEADROOM, Packet } from "../../core/packet.ts";
import { tap, type TapDriver } from "../../drivers/tap.ts";
import { tun } from "../../drivers/tun.ts";

const OURS = [10, 9, 0, 2];
const THEIRS = [10, 9, 0, 1];
const OUR_MAC = [2, 0, 0, 0, 0, 2];

/** A packet of the size that a loop would lend. */
function packetFor(driver: TapDriver): Packet {
  return new Packet(HEADROOM + driver.mtu + 18);
}

/** The Internet checksum, as slow and plain as it gets. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum += bytes[i]! << (i & 1 ? 0 : 8);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/** An ICMP echo request from us to the kernel, from the IP header on. */
function echoRequest(payload: number): Uint8Array {
  const bytes = new Uint8Array(28 + payload);
  bytes.set([0x45, 0, bytes.length >> 8, bytes.length & 255, 0, 1, 0, 0, 64, 1, 0, 0, ...OURS, ...THEIRS]);
  bytes.set([8, 0, 0, 0, 0, 7, 0, 1], 20);
  bytes.fill(0x5a, 28);
  new DataView(bytes.buffer).setUint16(10, checksum(bytes.subarray(0, 20)));
  new DataView(bytes.buffer).setUint16(22, checksum(bytes.subarray(20)));
  return bytes;
}

/** Answers ARP and echo requests in place, by hand; tells what the packet was. */
function answer(driver: TapDriver, packet: Packet): "arp" | "echo" | "reply" | "other" {
  const { bytes, start } = packet;
  let ip = start;
  if (driver.medium === "ethernet") {
    const type = packet.u16(12);
    bytes.copyWithin(start, start + 6, start + 12);
    bytes.set(OUR_MAC, start + 6);
    if (type === 0x806 && packet.u16(20) === 1) {
      if (packet.u8(14 + 27) !== OURS[3]) return "other";
      bytes[start + 21] = 2;
      bytes.copyWithin(start + 32, start + 22, start + 32);
      bytes.set([...OUR_MAC, ...OURS], start + 22);
      assert(driver.transmit(packet));
      return "arp";
    }
    if (type !== 0x800) return "other";
    ip += 14;
  }
  if (bytes[ip]! >> 4 !== 4 || bytes[ip + 9] !== 1) return "other";
  if (bytes[ip + 20] === 0) return "reply";
  if (bytes[ip + 20] !== 8) return "other";
  bytes[ip + 20] = 0;
  const sum = (bytes[ip + 22]! << 8 | bytes[ip + 23]!) + 0x800;
  bytes[ip + 22] = sum >> 8;
  bytes[ip + 23] = (sum & 255) + (sum >> 16);
  bytes.set(bytes.slice(ip + 12, ip + 16), ip + 16);
  bytes.set(OURS, ip + 12);
  assert(driver.transmit(packet));
  return "echo";
}

/** Answers until told to stop. */
async function respond(driver: TapDriver, until: () => boolean): Promise<Record<string, number>> {
  const packet = packetFor(driver);
  const seen: Record<string, number> = { arp: 0, echo: 0, reply: 0, other: 0 };
  while (!until()) {
    packet.reset();
    if (!driver.receive(packet)) {
      await driver.wait(50);
      continue;
    }
    seen[answer(driver, packet)]!++;
  }
  return seen;
}

/** Runs a program beside the responder. */
function beside(program: string, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: 20_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program} ${args.join(" ")}: ${stdout}${stderr}${error.message}`));
      else resolve(stdout);
    });
  });
}

function ip(...args: string[]): string {
  return execFileSync("ip", args, { encoding: "utf8" });
}

async function pingBothWays(driver: TapDriver, size: number): Promise<void> {
  let over = false;
  const responding = respond(driver, () => over);
  const out = await beside("ping", "-q", "-c", "20", "-i", "0.02", "-W", "2", "-s", String(size), "10.9.0.2");
  assertMatch(out, /20 packets transmitted, 20 received/);
  over = true;
  driver.wake();
  const seen = await responding;
  assert(seen.echo! >= 20, JSON.stringify(seen));
  // Then we ask and the kernel answers.
  const request = echoRequest(size);
  const packet = packetFor(driver);
  for (let i = 0; i < 20; i++) {
    packet.write(request);
    if (driver.medium === "ethernet") {
      const at = packet.push(14);
      const mac = ip("-o", "link", "show", driver.name).match(/link\/ether ([0-9a-f:]+)/)![1]!;
      packet.bytes.set([...mac.split(":").map((x) => parseInt(x, 16)), ...OUR_MAC, 8, 0], at);
    }
    assert(driver.transmit(packet));
  }
  const end = performance.now() + 5000;
  let replies = 0;
  while (replies < 20 && performance.now() < end) {
    packet.reset();
    if (!driver.receive(packet)) await driver.wait(100);
    else if (answer(driver, packet) === "reply") {
      replies++;
      const body = packet.view().subarray(-size);
      assert(size === 0 || body.every((byte) => byte === 0x5a));
    }
  }
  assertEquals(replies, 20);
}

/** Seconds of processor time that this process used. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function refused(code: string, sentence: RegExp, open: () => unknown): void {
  const error = assertThrows(open, NetError);
  assertEquals(error.code as string, code);
  assertMatch(error.message, sentence);
}

const SCENARIOS: Record<string, () => Promise<void> | void> = {
  async tap() {
    const driver = tap("bt0", { host: "10.9.0.1/24" });
    assertEquals([driver.name, driver.medium, driver.mtu], ["bt0", "ethernet", 1500]);
    await pingBothWays(driver, 1472);
    assertEquals(driver.counters.oversized, 0);
    driver.close();
  },

  async tun() {
    const driver = tun("bn0", { host: "10.9.0.1/24" });
    assertEquals([driver.name, driver.medium, driver.mtu], ["bn0", "ip", 1500]);
    await pingBothWays(driver, 1472);
    driver.close();
  },

  async mtu() {
    const driver = tap("bt0", { host: "10.9.0.1/24", mtu: 9000 });
    assertEquals(driver.mtu, 9000);
    assertMatch(ip("link", "show", "bt0"), /mtu 9000/);
    await pingBothWays(driver, 8972);
    // A frame for one byte more than the MTU, with a VLAN tag, is too much for us.
    const large = new Packet(HEADROOM + 10_000);
    large.write(new Uint8Array(9019));
    assert(!driver.transmit(large));
    assertEquals(driver.counters.oversized, 1);
    // The kernel's link is widened behind our back.
    ip("link", "set", "bt0", "mtu", "9500");
    ip("neigh", "replace", "10.9.0.2", "lladdr", "02:00:00:00:00:02", "dev", "bt0");
    await beside("ping", "-q", "-c", "1", "-W", "1", "-s", "9400", "10.9.0.2").catch(() => {});
    const packet = packetFor(driver);
    for (let i = 0; i < 50 && driver.counters.oversized < 2; i++) {
      packet.reset();
      driver.receive(packet);
    }
    assertEquals(driver.counters.oversized, 2);
    driver.close();
  },

  names() {
    const first = tap("bt%d");
    const second = tap("bt%d");
    const longest = tap("abcdefghijklmno");
    assertEquals([first.name, second.name, longest.name], ["bt0", "bt1", "abcdefghijklmno"]);
    refused("EBUSY", /^Cannot open bt0: another process has it open; /, () => tap("bt0"));
    refused("EINVAL", /^Cannot open lo: it is no tap device .*; choose another name$/, () => tap("lo"));
    refused("EINVAL", /^Cannot open bt0: it is no tun device/, () => tun("bt0"));
    first.close();
    first.close();
    const again = tap("bt0");
    assertEquals(again.name, "bt0");
    for (const driver of [second, longest, again]) driver.close();
    assertThrows(() => ip("link", "show", "bt0"));
  },

  persistent() {
    ip("tuntap", "add", "dev", "bt0", "mode", "tap");
    tap("bt0", { host: "10.9.0.1/24", host6: "fd00::1/64" }).close();
    const after = ip("address", "show", "bt0");
    assertMatch(after, /inet 10\.9\.0\.1\/24/);
    assertMatch(after, /inet6 fd00::1\/64/);
    tap("bt0", { host: "10.9.0.1/24", host6: "fd00::1/64" }).close();
    tap("bt0", { persistent: false }).close();
    assertThrows(() => ip("link", "show", "bt0"));
    tap("bt1", { persistent: true, up: false }).close();
    assert(!/[<,]UP[,>]/.test(ip("link", "show", "bt1")));
  },

  /** As root without CAP_NET_ADMIN; root made `bt0` for this user, up and with its address, and `bt1` for another one. */
  async unprivileged() {
    refused(
      "EPERM",
      /^Cannot open bt2: there is none, .*: sudo ip tuntap add dev bt2 mode tap user \$USER$/,
      () => tap("bt2"),
    );
    refused(
      "EPERM",
      /^Cannot open bt1: it was made for another user; .*: sudo ip tuntap del dev bt1 mode tap && sudo ip tuntap add /,
      () => tap("bt1"),
    );
    refused(
      "EPERM",
      /^Cannot give 10\.7\.0\.1\/24 to bt0 .*: sudo ip address add 10\.7\.0\.1\/24 dev bt0$/,
      () => tap("bt0", { host: "10.7.0.1/24" }),
    );
    refused("EPERM", /: sudo ip link set dev bt0 mtu 1400$/, () => tap("bt0", { mtu: 1400 }));
    const driver = tap("bt0", { host: "10.9.0.1/24", mtu: 1500 });
    await pingBothWays(driver, 56);
    driver.close();
  },

  forbidden() {
    refused("EACCES", /may not open \/dev\/net\/tun; grant it with: sudo chmod/, () => tap("bt0"));
  },

  missing() {
    refused("ENOENT", /there is no \/dev\/net\/tun .* sudo modprobe tun/, () => tap("bt0"));
  },

  async deleted() {
    let lost: NetError | undefined;
    const driver = tap("bt0", { host: "10.9.0.1/24", onLost: (error) => lost = error });
    const packet = packetFor(driver);
    while (driver.receive(packet)) packet.reset();
    const waiting = sleep(100).then(() => ip("link", "delete", "bt0"));
    for (let i = 0; i < 100 && !driver.error; i++) {
      packet.reset();
      if (!driver.receive(packet)) await driver.wait(5000);
    }
    await waiting;
    assertEquals(driver.error?.code, "ENODEV");
    await Promise.resolve();
    assertEquals(lost, driver.error!);
    packet.write(new Uint8Array(60));
    assert(!driver.transmit(packet));
    assertEquals(driver.counters.lost, 1);
    assert(!driver.receive(packet));
    // A lost device must not make the loop spin, and can still be woken.
    const [before, began] = [cpu(), performance.now()];
    await driver.wait(300);
    assert(performance.now() - began > 290);
    assert(cpu() - before < 0.1);
    setTimeout(() => driver.wake(), 20);
    await driver.wait(Infinity);
    driver.close();
  },

  async down() {
    const driver = tap("bt0", { host: "10.9.0.1/24" });
    const packet = packetFor(driver);
    ip("link", "set", "bt0", "down");
    packet.write(new Uint8Array(60));
    assert(!driver.transmit(packet));
    assertEquals([driver.counters.down, driver.error], [1, null]);
    const before = cpu();
    await driver.wait(300);
    assert(cpu() - before < 0.1);
    ip("link", "set", "bt0", "up");
    packet.write(new Uint8Array(60));
    assert(driver.transmit(packet));
    packet.write(new Uint8Array(8));
    assert(!driver.transmit(packet));
    assertEquals(driver.counters.refused, 1);
    await pingBothWays(driver, 56);
    driver.close();
    assert(!driver.transmit(packet));
    assert(!driver.receive(packet));
    await driver.wait(1000);
  },

  /** Wakes at every moment of a wait, and packets that come at any: none is lost, or this would hang. */
  async wakes() {
    const driver = tun("bn0", { host: "10.9.0.1/24" });
    const packet = packetFor(driver);
    while (driver.receive(packet)) packet.reset();
    for (let i = 0; i < 2000; i++) {
      // Without a wait it does nothing.
      driver.wake();
      const waiting = driver.wait(Infinity);
      if (i % 4 === 0) driver.wake();
      else if (i % 4 === 1) queueMicrotask(() => driver.wake());
      else if (i % 4 === 2) setImmediate(() => driver.wake());
      else {
        packet.write(echoRequest(i % 100));
        assert(driver.transmit(packet));
        driver.wake();
        driver.wake();
      }
      await waiting;
      packet.reset();
      while (driver.receive(packet)) packet.reset();
    }
    // The wake-ups were all read back: a wait for nothing lasts.
    const began = performance.now();
    for (let left = 250; left > 0; left = 250 - (performance.now() - began)) {
      await driver.wait(left);
      packet.reset();
      while (driver.receive(packet)) packet.reset();
    }
    assert(driver.counters.received >= 500);
    driver.close();
  },

  async idle() {
    const driver = tun("bn0", { host: "10.9.0.1/24" });
    const packet = packetFor(driver);
    await driver.wait(1);
    while (driver.receive(packet)) packet.reset();
    const before = cpu();
    const end = performance.now() + 2000;
    for (let left = 2000; left > 0; left = end - performance.now()) {
      await driver.wait(left);
      packet.reset();
      while (driver.receive(packet)) packet.reset();
    }
    console.log(`idle: ${((cpu() - before) / 2 * 100).toFixed(2)} % of a processor`);
    assert(cpu() - before < 0.06, `${cpu() - before} s in 2 s`);
    // The process ends by itself after this, although the wait is for ever.
    void driver.wait(Infinity);
    setTimeout(() => driver.close(), 50);
  },

  /** An open wait keeps the process alive: the test ends it by a ping. */
  async alive() {
    const driver = tun("bn0", { host: "10.9.0.1/24" });
    const packet = packetFor(driver);
    console.log("ready");
    for (;;) {
      await driver.wait(Infinity);
      packet.reset();
      while (driver.receive(packet)) {
        if (answer(driver, packet) === "echo") {
          console.log("answered");
          return driver.close();
        }
        packet.reset();
      }
    }
  },

  /** `process.exit` in a wait must not hang. */
  exit() {
    const driver = tun("bn0", { host: "10.9.0.1/24" });
    void driver.wait(Infinity);
    setTimeout(() => process.exit(0), 100);
  },
};

const scenario = SCENARIOS[process.argv[2] ?? ""];
if (!scenario) {
  console.error(`There are the scenarios ${Object.keys(SCENARIOS).join(", ")}`);
  process.exit(2);
}
await scenario();
