// Where a conformance case sends its packets: to our stack in virtual time, or to the kernel through a TUN device, so that the
// same case asks both.

import { type Driver, ManualClock, Packet, seededRandom, simulate, stack } from "@bonsai/net";
import { memory } from "@bonsai/net/drivers/memory";
import { icmp } from "@bonsai/net/protocols/icmp";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { tcp } from "@bonsai/net/protocols/tcp";
import { udp } from "@bonsai/net/protocols/udp";
import { Chargen, discard, echo } from "../../cli/services/tcp.ts";

/** The far end of a wire for IP packets. */
export interface Wire {
  /** Sends a packet. */
  put(bytes: Uint8Array): void;
  /** Waits for the next packet, `ms` at most; null when none came. */
  take(ms: number): Promise<Uint8Array | null>;
  /** The time, in milliseconds. */
  now(): number;
}

/** Our stack, with the services of `cli/services.ts`, at the other end of a wire in memory. */
export function ourWire(seed = 1): Wire {
  const clock = new ManualClock(10_000);
  const [here, there] = memory("ip");
  const net = stack({
    driver: there,
    clock,
    random: seededRandom(seed),
    protocols: [ipv4({ address: "10.0.0.2/24" }), icmp(), udp(), tcp()],
  });
  net.tcp.accept({ port: 7 }, () => echo);
  net.tcp.accept({ port: 9 }, () => discard);
  net.tcp.accept({ port: 19 }, (connection) => {
    const user = new Chargen();
    user.writable(connection);
    return user;
  });
  const socket = net.udp.bind({ port: 7 }, (data, address, port) => void socket.send(data, address, port));
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

/** The kernel of this namespace, at the other end of a TUN device. */
export function kernelWire(driver: Driver<"ip">): Wire {
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
          if (packet.u8(0) >> 4 === 4) return packet.view().slice();
          continue;
        }
        const left = end - performance.now();
        if (left <= 0) return null;
        await driver.wait(left);
      }
    },
  };
}
