// Where a conformance case sends its packets: to our stack in virtual time, or to the kernel through a TUN or TAP device, so
// that the same case asks both.

import {
  type Driver,
  DriverWrapper,
  ManualClock,
  type Medium,
  Packet,
  seededRandom,
  simulate,
  stack,
} from "@bonsai/net";
import { memory, type MemoryDriver } from "@bonsai/net/drivers/memory";
import { arp } from "@bonsai/net/protocols/arp";
import { ethernet } from "@bonsai/net/protocols/ethernet";
import { httpServer, type HttpServing } from "@bonsai/net/protocols/http_server";
import { icmp } from "@bonsai/net/protocols/icmp";
import { icmpv6 } from "@bonsai/net/protocols/icmpv6";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { ipv6 } from "@bonsai/net/protocols/ipv6";
import { kernelFilter } from "@bonsai/net/protocols/kernel_filter";
import { mld } from "@bonsai/net/protocols/mld";
import { ndp } from "@bonsai/net/protocols/ndp";
import { slaac } from "@bonsai/net/protocols/slaac";
import { type Tcp, tcp } from "@bonsai/net/protocols/tcp";
import { type Udp, udp } from "@bonsai/net/protocols/udp";
import { app } from "../../cli/services/app.ts";
import { Chargen, discard, echo } from "../../cli/services/tcp.ts";
import { runBpf } from "../protocols/bpf.ts";
import { Card } from "../tcp/card.ts";

/** The far end of a wire for IP packets. */
export interface Wire {
  /** Our address, and that of the host at the other end, where they are not `US` and `THEM`. */
  readonly us?: readonly number[];
  readonly them?: readonly number[];
  /** Sends a packet. */
  put(bytes: Uint8Array): void;
  /** Waits for the next packet, `ms` at most; null when none came. */
  take(ms: number): Promise<Uint8Array | null>;
  /** The time, in milliseconds. */
  now(): number;
}

/** The far end of a wire for Ethernet frames. */
export interface FrameWire extends Wire {
  /** The MAC address of the host at the other end. */
  readonly mac: readonly number[];
}

/** The addresses of the host at the other end of a wire for Ethernet frames. */
export const HOST = [10, 1, 0, 2];
export const HOST6 = [0xfd, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
const MAC = "02:00:00:00:00:99";

/** Our stack, with the services of `cli/services.ts`, at the other end of a wire in memory. */
export function ourWire(seed = 1): Wire {
  const clock = new ManualClock(10_000);
  const [here, there] = memory("ip");
  const net = stack({
    driver: there,
    clock,
    random: seededRandom(seed),
    protocols: [ipv4({ address: "10.0.0.2/24" }), icmp(), udp(), tcp(), httpServer()],
  });
  serve(net);
  return inMemory(clock, here, net);
}

/** Lets through what the stack's own program of classic BPF takes, as a kernel does. */
class Filtered extends DriverWrapper<"ethernet"> {
  #program: Uint8Array = new Uint8Array(0);
  override readonly filter = (program: Uint8Array): boolean => {
    this.#program = program.slice();
    return true;
  };
  override receive(packet: Packet): boolean {
    while (this.inner.receive(packet)) {
      if (this.#program.length === 0 || runBpf(this.#program, packet.view()) > 0) return true;
      packet.reset();
    }
    return false;
  }
}

/** What stands between the stack and the wire: nothing, the filter that it makes, or a card that finishes its packets. */
export type Between = "nothing" | "filter" | "card";

/** The same over Ethernet, with both families, its addresses announced. */
export async function ourFrameWire(between: Between = "nothing", seed = 1): Promise<FrameWire> {
  const clock = new ManualClock(10_000);
  const [here, there] = memory("ethernet");
  const net = stack({
    driver: between === "filter" ? new Filtered(there) : between === "card" ? new Card(there) : there,
    clock,
    random: seededRandom(seed),
    // deno-fmt-ignore
    protocols: [
      ethernet({ mac: MAC }), arp(), ipv4({ address: "10.1.0.2/24" }), icmp(),
      ndp(), ipv6({ address: "fd01::2/64" }), icmpv6(), mld(), slaac(), udp(), tcp(), httpServer(), kernelFilter(),
    ],
  });
  serve(net);
  const wire = inMemory(clock, here, net);
  while (wire.now() < 40_000) await wire.take(40_000 - wire.now());
  return { ...wire, mac: MAC.split(":").map((byte) => parseInt(byte, 16)) };
}

function serve(net: { tcp: Tcp; udp: Udp; http: HttpServing }): void {
  net.tcp.accept({ port: 7 }, () => echo);
  net.tcp.accept({ port: 9 }, () => discard);
  net.tcp.accept({ port: 19 }, (connection) => {
    const user = new Chargen();
    user.writable(connection);
    return user;
  });
  const socket = net.udp.bind({ port: 7 }, (data, address, port) => {
    if (port !== 0) socket.send(data, address, port);
  });
  net.http.serve(app, { port: 80 });
}

function inMemory(
  clock: ManualClock,
  here: MemoryDriver<Medium>,
  net: Parameters<typeof simulate>[1][number],
): Wire {
  const packet = new Packet(2000);
  const read = (): Uint8Array | null => {
    packet.reset();
    return here.receive(packet) ? packet.view().slice() : null;
  };
  return {
    now: () => clock.now(),
    put(bytes) {
      packet.write(bytes);
      here.transmit(packet);
      here.flush();
    },
    async take(ms) {
      const end = clock.now() + ms;
      for (;;) {
        await simulate(clock, [net], { until: () => true });
        const bytes = read();
        if (bytes) return bytes;
        if (clock.now() >= end) return null;
        clock.advanceTo(Math.min(end, Math.max(net.poll(), clock.now() + 0.01)));
      }
    },
  };
}

/** The kernel of this namespace, at the other end of a TUN or TAP device. */
export function kernelWire(driver: Driver): Wire {
  const packet = new Packet(70_000);
  return {
    now: () => performance.now(),
    put(bytes) {
      packet.write(bytes);
      driver.transmit(packet);
      driver.flush();
    },
    async take(ms) {
      const end = performance.now() + ms;
      for (;;) {
        packet.reset();
        if (driver.receive(packet)) {
          // The kernel says things of its own over IPv6.
          if (driver.medium === "ethernet" || packet.u8(0) >> 4 === 4) return packet.view().slice();
          continue;
        }
        const left = end - performance.now();
        if (left <= 0) return null;
        await driver.wait(left);
      }
    },
  };
}
