/** DHCP clients, servers and other hosts on one switch in virtual time. */

import { ManualClock } from "../../core/clock.ts";
import { IPV4_BROADCAST, type Ipv4Address, parseIpv4 } from "../../core/ipv4_address.ts";
import { seededRandom } from "../../core/random.ts";
import { simulate, type SimulateOptions } from "../../core/simulate.ts";
import { type Stack, stack } from "../../core/stack.ts";
import { memorySwitch } from "../../drivers/memory.ts";
import { type Arp, arp } from "../../protocols/arp.ts";
import { type Dhcp, dhcp, DHCP_STATES, type DhcpOptions } from "../../protocols/dhcp.ts";
import { type DhcpServer, dhcpServer, type DhcpServerOptions } from "../../protocols/dhcp_server.ts";
import { ethernet } from "../../protocols/ethernet.ts";
import { icmp } from "../../protocols/icmp.ts";
import { type Ipv4, ipv4 } from "../../protocols/ipv4.ts";
import { type Udp, udp } from "../../protocols/udp.ts";
import { ACK, type DhcpMessage, OPTION, readDhcp, words, writeDhcp } from "./messages.ts";

export const SERVER = "10.0.0.1";

/** A message as a server saw it. */
export interface Seen {
  readonly at: number;
  readonly type: number;
  readonly message: DhcpMessage;
  /** Where it came from, and where to: the server itself, or everybody. */
  readonly from: string;
}

export interface Host extends Stack<{ arp: Arp; ipv4: Ipv4; udp: Udp }> {}
export interface Client extends Stack<{ arp: Arp; ipv4: Ipv4; udp: Udp; dhcp: Dhcp }> {}
export interface Server extends Stack<{ arp: Arp; ipv4: Ipv4; udp: Udp; dhcpServer: DhcpServer }> {}

/** What a scripted server says to a message: replies, most of them made by {@linkcode reply}. */
export type Script = (message: DhcpMessage, type: number) => DhcpMessage[];

/** A reply to a message. */
export function reply(
  to: DhcpMessage,
  type: number,
  address: string,
  { server = SERVER, lease = 3600, more = [] }: {
    server?: string;
    lease?: number;
    more?: [number, number[]][];
  } = {},
): DhcpMessage {
  return {
    op: 2,
    xid: to.xid,
    secs: 0,
    flags: to.flags,
    ciaddr: type === ACK ? to.ciaddr : 0,
    yiaddr: parseIpv4(address),
    siaddr: 0,
    giaddr: 0,
    chaddr: to.chaddr,
    options: new Map([
      [OPTION.type, [type]],
      [OPTION.server, words(parseIpv4(server))],
      [OPTION.lease, words(lease)],
      [OPTION.mask, words(-256)],
      ...more,
    ]),
  };
}

/** The name of the state that a client is in. */
export function stateOf({ dhcp }: Client): string {
  return DHCP_STATES[dhcp.state]!;
}

/** What an option of a message says. */
export function option(message: DhcpMessage, code: number): number[] | undefined {
  return message.options.get(code);
}

export class World {
  readonly clock: ManualClock = new ManualClock();
  readonly #wire = memorySwitch();
  readonly stacks: Stack<object>[] = [];

  /** A host that has an address. */
  host(address: string): Host {
    const net = stack({
      driver: this.#wire.port(),
      clock: this.clock,
      random: seededRandom(this.stacks.length + 1),
      protocols: [ethernet(), arp(), ipv4({ address }), icmp(), udp()],
    });
    this.stacks.push(net);
    return net;
  }

  /** Our DHCP server. */
  server(options: Partial<DhcpServerOptions> = {}): Server {
    const net = stack({
      driver: this.#wire.port(),
      clock: this.clock,
      random: seededRandom(this.stacks.length + 1),
      protocols: [
        ethernet(),
        arp(),
        ipv4({ address: `${SERVER}/24` }),
        udp(),
        dhcpServer({ range: "10.0.0.100-10.0.0.102", ...options }),
      ],
    });
    this.stacks.push(net);
    return net;
  }

  /** A server that does as a script says; returns what it sees. */
  scripted(script: Script, address: string = SERVER): Seen[] {
    const net = this.host(`${address}/24`);
    const seen: Seen[] = [];
    net.udp.bind({ port: 67 }, (data, from) => {
      const message = readDhcp(data)!;
      const type = message.options.get(OPTION.type)![0]!;
      seen.push({ at: this.clock.now(), type, message, from: net.ipv4.format(from as Ipv4Address) });
      for (const answer of script(message, type)) {
        const path = net.ipv4.path(message.ciaddr as Ipv4Address || IPV4_BROADCAST, parseIpv4(address));
        if (typeof path === "string") throw new Error(path);
        net.udp.transmit(path, 67, 68, writeDhcp(answer));
      }
    });
    return seen;
  }

  /** Our DHCP client; it does not probe unless told. */
  client(options: DhcpOptions = {}, seed: number = this.stacks.length + 1): Client {
    const net = stack({
      driver: this.#wire.port(),
      clock: this.clock,
      random: seededRandom(seed),
      protocols: [ethernet(), arp(), ipv4(), icmp(), udp(), dhcp({ probe: false, ...options })],
    });
    this.stacks.push(net);
    return net;
  }

  /** Waits, in virtual time. */
  wait<T>(until: NonNullable<SimulateOptions<T>["until"]>, limit: number = 10_000_000): Promise<T> {
    return simulate(this.clock, this.stacks, { until, limit });
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    await simulate(this.clock, this.stacks, { limit: ms });
    this.clock.advanceTo(end);
    await simulate(this.clock, this.stacks, { until: () => true });
  }
}
