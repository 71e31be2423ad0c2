/**
 * Tells the driver what the stack can use, so that the kernel drops the rest and never wakes the app for it.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory"; // of use with tap()
 * import { arp } from "@bonsai/net/protocols/arp";
 * import { ethernet } from "@bonsai/net/protocols/ethernet";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 * import { kernelFilter } from "@bonsai/net/protocols/kernel_filter";
 * import { udp } from "@bonsai/net/protocols/udp";
 *
 * const [driver] = memory("ethernet");
 * const net = stack({
 *   driver,
 *   protocols: [ethernet(), arp(), ipv4({ address: "10.0.0.2/24" }), udp(), kernelFilter()],
 * });
 * ```
 *
 * It reads from the layers what they take: MAC address and groups, EtherTypes, IPv4 addresses, IP protocols, UDP ports.
 * From that it compiles a program of classic BPF, and compiles it anew as soon as any of it changes: before `bind`, `join` or
 * a lease of DHCP returns, the kernel lets through what they want. What would have had an answer always comes through, such
 * as a datagram for a closed port where `icmp()` is listed. Protocols attach to the layers when they start; one that did
 * so later, or joined a group of Ethernet without IP, would not be seen.
 *
 * Linux filters for TAP devices and not for TUN. Where the driver or the layer of frames is another one, all frames come
 * through as without it. Counters and captures do not see what the kernel dropped: `ip -s link` shows it as `dropped` under
 * `TX`.
 *
 * @module
 */

import type { Wire } from "../core/driver.ts";
import { ETHERTYPE_ARP, ETHERTYPE_IPV4 } from "../core/ether_type.ts";
import type { Ip } from "../core/ip.ts";
import type { Core, Protocol, Sender } from "../core/protocol.ts";
import type { Ethernet } from "./ethernet.ts";
import type { Ipv4 } from "./ipv4.ts";
import type { Ipv6 } from "./ipv6.ts";
import { compile, type Wants } from "./kernel_filter/compile.ts";
import type { StaticArp } from "./static_arp.ts";
import type { Udp } from "./udp.ts";

/** What the filter counts. */
export class KernelFilterCounters {
  /** Programs handed to the driver. */
  programs: number = 0;
  /** Instructions of the one that is in force; 0 when none is. */
  instructions: number = 0;
}

/** The layers that the filter reads. */
export interface KernelFilterBelow {
  /** Whose frames are filtered. */
  readonly wire: Wire;
  /** Frames by EtherType. */
  readonly ethernet?: Ethernet;
  /** Frames of a static link. */
  readonly staticArp?: StaticArp;
  /** IP. */
  readonly ip?: Ip;
  /** IPv4. */
  readonly ipv4?: Ipv4;
  /** IPv6. */
  readonly ipv6?: Ipv6;
  /** UDP. */
  readonly udp?: Udp;
}

class KernelFilter implements Sender {
  queued: boolean = false;
  readonly counters: KernelFilterCounters = new KernelFilterCounters();
  readonly #core: Core;
  readonly #below: KernelFilterBelow;
  #started: boolean = false;
  #last: string = "";

  constructor(core: Core, below: KernelFilterBelow) {
    this.#core = core;
    // What stands after it is not seen.
    this.#below = { ...below };
    const { ipv4, ipv6, udp } = below;
    const changed = (): void => {
      if (this.#started) this.#update();
    };
    if (udp) udp.onSockets = changed;
    ipv4?.observers.push({ addressed: changed, grouped: changed });
    // Every address of IPv6 has a group.
    ipv6?.observers.push({ grouped: changed });
    core.count("kernelFilter", this.counters);
    // Once all protocols have started.
    core.ready(this);
  }

  send(): boolean {
    this.#started = true;
    this.#update();
    return false;
  }

  #update(): void {
    const wants = this.#wants();
    const { driver } = this.#core;
    if (!wants || !driver.filter) return;
    const program = compile(wants);
    const text = program.join();
    if (text === this.#last) return;
    this.#last = text;
    this.counters.programs++;
    this.counters.instructions = driver.filter(program) ? program.length / 8 : 0;
  }

  #wants(): Wants | null {
    const { ethernet, staticArp, ip, ipv4, ipv6, udp } = this.#below;
    const upper = { ip, ipv4, ipv6, ports: udp ? portsOf(udp) : null };
    if (ethernet) {
      const { mac, groups, uppers } = ethernet;
      return { mac, groups, types: [...uppers.keys()], tagged: true, asked: null, ...upper };
    }
    if (!staticArp) return null;
    const { mac, receiver, claimed } = staticArp;
    const types = receiver ? [ETHERTYPE_ARP, ETHERTYPE_IPV4] : [ETHERTYPE_ARP];
    return { mac, groups: null, types, tagged: false, asked: claimed, ...upper };
  }
}

function portsOf({ buckets }: Udp): Set<number> {
  const ports = new Set<number>();
  for (const first of buckets) for (let socket = first; socket; socket = socket.next) ports.add(socket.port);
  return ports;
}

/** The {@linkcode kernelFilter} protocol. */
// deno-lint-ignore ban-types
export interface KernelFilterProtocol extends Protocol<"kernelFilter", KernelFilterBelow, {}> {}

/**
 * The kernel drops what this stack can make no use of.
 *
 * @returns The protocol; list it last.
 */
export function kernelFilter(): KernelFilterProtocol {
  return {
    name: "kernelFilter",
    needs: {
      wire: "required",
      ethernet: "optional",
      staticArp: "optional",
      ip: "optional",
      ipv4: "optional",
      ipv6: "optional",
      udp: "optional",
    },
    start(core, below) {
      new KernelFilter(core, below);
      return {};
    },
  };
}
