/**
 * Protocols: typed plugins that say what they need below and what they give above.
 *
 * @module
 */

import type { Clock } from "./clock.ts";
import type { Driver, Link, Medium, Offload, Wire } from "./driver.ts";
import type { Ipv4Address } from "./ipv4_address.ts";
import type { Ipv6Address } from "./ipv6_address.ts";
import type { PacketPool } from "./packet.ts";
import type { TimerQueue } from "./timers.ts";

/**
 * Something that has work for the end of a turn: events to deliver, packets to send.
 *
 * Transmit is pulled: a sender joins the queue once, and is asked for packets when the driver has room.
 */
export interface Sender {
  /** Whether it stands in the queue. Only the queue writes it. */
  queued: boolean;
  /**
   * Does its work, and sends at most `room` packets.
   *
   * @param room Packets that the driver takes now; 0 when it takes none, so that only events can be delivered.
   * @returns Whether it wants to be asked again.
   */
  send(room: number): boolean;
}

/** What the core lends to every protocol. */
export interface Core {
  /** The time's source; inside a turn `now()` is cheaper and stands still. */
  readonly clock: Clock;
  /** The timers. */
  readonly timers: TimerQueue;
  /** The packets. */
  readonly pool: PacketPool;
  /** What the driver does for the stack. */
  readonly offload: Offload;
  /** The driver, for what is said to it beside packets; these go through the layers. */
  readonly driver: Driver;
  /** Whether the stack was closed: nothing comes, no timer fires, and what waits for either would do so for ever. */
  readonly closed: boolean;
  /** The time, in milliseconds: of this turn inside one, the clock's outside. */
  now(): number;
  /** Random 32 bits, as an int32; seeded in a replay. */
  random(): number;
  /**
   * Queues a sender for the end of this turn, or of the next one outside a turn, which then comes at once.
   *
   * @param sender The sender.
   */
  ready(sender: Sender): void;
  /** Makes the loop turn soon: something was sent or a timer was armed outside a turn. */
  wake(): void;
  /**
   * Publishes counters, so that `net.counters()` shows them.
   *
   * @param owner Whose, such as `"udp"`.
   * @param counters An object whose numeric fields count.
   */
  count(owner: string, counters: object): void;
  /**
   * Names what to do when the stack closes; run last in, first out.
   *
   * @param close What to do.
   */
  onClose(close: () => void): void;
  /**
   * Runs a callback of the app, whose exception must not reach the loop: it is reported as an uncaught one.
   *
   * @param error What it threw.
   */
  report(error: unknown): void;
}

/** Whether a protocol can do without what it names. */
export type Need = "required" | "optional";

/** The needs of a protocol, as data: TypeScript holds the list to be complete. */
export type Needs<Below extends object> = {
  readonly [K in keyof Below & string]-?: Pick<Below, K> extends Required<Pick<Below, K>> ? "required" : "optional";
};

/** Any protocol, whatever it needs and gives. */
export interface AnyProtocol {
  /** Its name in messages. */
  readonly name: string;
  /** What it needs from the protocols listed before it. */
  readonly needs: Readonly<Record<string, Need>>;
  /** Starts it over what lies below. */
  start(core: Core, below: never): object;
}

/**
 * A protocol that needs `Below` and gives `Gives`.
 *
 * @typeParam Name Its name in messages.
 * @typeParam Below What it needs; an optional property is a need that it can do without.
 * @typeParam Gives What the protocols after it, and the app, find.
 */
export interface Protocol<Name extends string, Below extends object, Gives extends object> extends AnyProtocol {
  /** Its name in messages. */
  readonly name: Name;
  /** What it needs from the protocols listed before it. */
  readonly needs: Needs<Below>;
  /** Starts it over what lies below. */
  start(core: Core, below: Below): Gives;
}

/** How to get what a protocol may lack: the end of the sentence that a user reads. {@linkcode HINTS} holds the same. */
export interface Hints {
  /** Ethernet frames. */
  wire: "use a driver that carries Ethernet frames";
  /** The Ethernet layer. */
  ethernet: "list ethernet() before it";
  /** IPv4 packets to a neighbour. */
  link: "list ethernet() and arp() before it, or use a driver that carries IP packets";
  /** IPv6 packets to a neighbour. */
  link6: "list ethernet() and ndp() before it, or use a driver that carries IP packets";
  /** The IP layer. */
  ip: "list ipv4() or ipv6() before it";
  /** The IPv4 layer. */
  ipv4: "list ipv4() before it";
  /** The IPv6 layer. */
  ipv6: "list ipv6() before it";
  /** The ICMP layer. */
  icmp: "list icmp() before it";
  /** The ICMPv6 layer. */
  icmpv6: "list icmpv6() before it";
  /** The NDP layer. */
  ndp: "list ethernet() and ndp() before it";
  /** The UDP layer. */
  udp: "list udp() before it";
  /** The TCP layer. */
  tcp: "list tcp() before it";
  /** The HTTP layer. */
  http: "list http() before it";
  /** The ARP layer. */
  arp: "list ethernet() and arp() before it";
  /** The resolver. */
  dns: "list dns() before it";
  /** The DHCP client. */
  dhcp: "list dhcp() before it";
}

/** The sentences of {@linkcode Hints}, for JavaScript users who meet them at run time. */
export const HINTS: Hints = {
  wire: "use a driver that carries Ethernet frames",
  ethernet: "list ethernet() before it",
  arp: "list ethernet() and arp() before it",
  ndp: "list ethernet() and ndp() before it",
  ip: "list ipv4() or ipv6() before it",
  ipv4: "list ipv4() before it",
  ipv6: "list ipv6() before it",
  icmp: "list icmp() before it",
  icmpv6: "list icmpv6() before it",
  udp: "list udp() before it",
  tcp: "list tcp() before it",
  http: "list http() before it",
  dns: "list dns() before it",
  dhcp: "list dhcp() before it",
  link: "list ethernet() and arp() before it, or use a driver that carries IP packets",
  link6: "list ethernet() and ndp() before it, or use a driver that carries IP packets",
};

/** What a driver gives to the first protocol above it. */
export type Ground<M extends Medium> = M extends "ethernet" ? { wire: Wire }
  : { link: Link<Ipv4Address>; link6: Link<Ipv6Address> };

/** What a protocol needs. */
export type BelowOf<P> = P extends { start(core: Core, below: infer Below): unknown } ? Below : never;

/** What a protocol gives. */
export type GivesOf<P> = P extends { start(core: Core, below: never): infer Gives } ? Gives : never;

/** The names that `Below` requires and `Have` lacks. */
export type Lacking<Below, Have> =
  & Exclude<
    { [K in keyof Below]-?: Pick<Below, K> extends Required<Pick<Below, K>> ? K : never }[keyof Below],
    keyof Have
  >
  & string;

/** A protocol where it is fit to stand; otherwise the sentence that says why not. */
export type Verdict<P extends AnyProtocol, Have> = [Lacking<BelowOf<P>, Have>] extends [never]
  ? Have extends BelowOf<P> ? P
  : `${P["name"]}() cannot use the "${keyof BelowOf<P> & string}" below it: its type differs`
  : Missing<P["name"], Lacking<BelowOf<P>, Have>>;

/** The sentence about each of the needs that are not met. */
export type Missing<Name extends string, K extends string> = K extends string
  ? `${Name}() needs "${K}": ${K extends keyof Hints ? Hints[K] : "list the protocol that gives it before it"}`
  : never;

/** A list of protocols, from the wire up, with a sentence in place of each misfit. */
export type Checked<Have, Ps extends readonly AnyProtocol[]> = number extends Ps["length"]
  ? readonly ["list the protocols in the call to stack(), so that their order is known"]
  : Ps extends readonly [infer P extends AnyProtocol, ...infer Rest extends readonly AnyProtocol[]]
    ? [Verdict<P, Have>, ...Checked<Have & GivesOf<P>, Rest>]
  : [];

/** Everything that a list of protocols gives. */
export type Given<Have, Ps extends readonly AnyProtocol[]> = Ps extends
  readonly [infer P, ...infer Rest extends readonly AnyProtocol[]] ? Given<Have & GivesOf<P>, Rest> : Have;
