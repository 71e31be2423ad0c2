/**
 * Tells which packets belong together, in the recording and in what the live stack sends.
 *
 * @module
 */

import { formatIpv4, type Ipv4Address } from "../../core/ipv4_address.ts";
import { getI32 } from "../../core/packet.ts";
import { Conversation } from "./conversation.ts";
import { Exchange, type ExchangeKind, IcmpErrorParty, isIcmpError, quotedPorts } from "./exchange.ts";
import { ETHERNET, type Headers } from "./headers.ts";
import { type Endpoint, firstDifference } from "./party.ts";

const DNS = 53;
const UDP = 17;

/** The conversations and exchanges of a recording. */
export class Parties {
  /** The TCP conversations, in the order of their first packets. */
  readonly conversations: Conversation[] = [];
  /** The exchanges of datagrams, in the order of their first packets. */
  readonly exchanges: Exchange[] = [];
  readonly #current: Map<string, { conversation: Conversation; opened: number | null }> = new Map();
  readonly #exchanges: Map<string, Exchange> = new Map();
  /** By the peer's end, for what the live stack sends. */
  readonly #byPeer: Map<string, Conversation[]> = new Map();

  /** The conversations in which the live stack takes part. */
  readonly active: Set<Conversation> = new Set();

  /**
   * Finds the conversation of a recorded segment.
   *
   * @param segment The segment.
   * @param fromPeer Whether the peer sent it.
   * @param packet Its number.
   */
  conversation(segment: Headers, fromPeer: boolean, packet: number): Conversation {
    const [peer, local] = ends(segment, fromPeer);
    const key = `${text(peer)} ${text(local)}`;
    let known = this.#current.get(key);
    const opens = (segment.flags & 0x12) === 2;
    // The same ports again, from another sequence number on: a new conversation.
    if (!known || (opens && known.opened !== null && known.opened !== segment.seq)) {
      known = { conversation: new Conversation(peer, local, packet), opened: null };
      this.#current.set(key, known);
      this.conversations.push(known.conversation);
      const others = this.#byPeer.get(text(peer));
      if (others) others.push(known.conversation);
      else this.#byPeer.set(text(peer), [known.conversation]);
    }
    if (opens) known.opened = segment.seq;
    return known.conversation;
  }

  /**
   * Finds the exchange of a recorded datagram.
   *
   * @param headers The datagram.
   * @param fromPeer Whether the peer sent it.
   * @param packet Its number.
   */
  exchange(headers: Headers, fromPeer: boolean, packet: number): Exchange {
    const [peer, local] = ends(headers, fromPeer);
    const kind = headers.isIcmp ? "icmp" : peer.port === DNS || local.port === DNS ? "dns" : "udp";
    return this.#exchange(kind, peer, local, packet, fromPeer);
  }

  /**
   * Finds the exchange of recorded ARP packets.
   *
   * @param frame The frame.
   * @param fromPeer Whether the peer sent it.
   * @param packet Its number.
   */
  arp(frame: Uint8Array, fromPeer: boolean, packet: number): Exchange {
    const sender = { address: formatIpv4(getI32(frame, ETHERNET + 14) as Ipv4Address), port: 0 };
    const target = { address: formatIpv4(getI32(frame, ETHERNET + 24) as Ipv4Address), port: 0 };
    return this.#exchange("arp", fromPeer ? sender : target, fromPeer ? target : sender, packet, true);
  }

  #exchange(kind: ExchangeKind, peer: Endpoint, local: Endpoint, packet: number, fromPeer: boolean): Exchange {
    const key = `${kind} ${text(peer)} ${text(local)}`;
    let exchange = this.#exchanges.get(key);
    if (!exchange) {
      exchange = new Exchange(kind, peer, local, packet, fromPeer);
      this.#exchanges.set(key, exchange);
      this.exchanges.push(exchange);
    }
    return exchange;
  }

  /**
   * Finds to what a recorded ICMP error of the peer belongs.
   *
   * @param headers The error.
   * @returns What it is about; null when it is no error, or about nothing that was recorded.
   */
  error(headers: Headers): { party: IcmpErrorParty; about: Conversation | Exchange } | null {
    if (!headers.isIcmp || !isIcmpError(headers.bytes[headers.transport]!)) return null;
    const quoted = quotedPorts(headers);
    if (!quoted) return null;
    const to = (port: number): string =>
      ` ${headers.quotedDestination}.${port} ${headers.destination}.${quoted.source}`;
    const about = quoted.protocol === UDP
      ? this.#exchanges.get(`udp${to(quoted.destination)}`) ?? this.#exchanges.get(`dns${to(quoted.destination)}`)
      : this.#current.get(to(quoted.destination).slice(1))?.conversation;
    return about ? { party: new IcmpErrorParty(about), about } : null;
  }

  /**
   * Takes note of a packet that the live stack sent.
   *
   * @param headers The packet.
   */
  observe(headers: Headers): void {
    const { bytes, network, transport, end } = headers;
    if (headers.isTcp) {
      const partner = this.#partner(headers);
      partner?.observe(headers);
      if (partner?.begun && !partner.reset) this.active.add(partner);
    } else if (headers.isUdp || headers.isIcmp) {
      const message = bytes.subarray(headers.isUdp ? transport + 8 : transport, end);
      this.#exchangeOf(headers, message)?.observe(message, bytes.subarray(network, end));
    }
  }

  /**
   * Takes note of an ARP reply that the live stack sent.
   *
   * @param frame The frame.
   */
  observeArp(frame: Uint8Array): void {
    const message = frame.subarray(ETHERNET, ETHERNET + 28);
    if (message.length === 28 && message[7] === 2) this.arp(frame, false, 0).observe(message, message);
  }

  /** The conversation to which a segment of the live stack belongs. */
  #partner(segment: Headers): Conversation | null {
    const localPort = segment.sourcePort;
    let partner: Conversation | null = null;
    let waiting: Conversation | null = null;
    for (const conversation of this.#byPeer.get(`${segment.destination}.${segment.destinationPort}`) ?? []) {
      if (!conversation.whole) continue;
      // The latest one that runs over these ports: they may serve again.
      if (conversation.active) partner = conversation.livePort === localPort ? conversation : partner;
      else waiting ??= conversation;
    }
    const opens = (segment.flags & 0x12) === 2;
    if (!opens || (partner && partner.isn === segment.seq)) return partner;
    if (waiting) waiting.livePort = localPort;
    return waiting;
  }

  /** The exchange to which a datagram of the live stack belongs. */
  #exchangeOf(headers: Headers, message: Uint8Array): Exchange | null {
    const { destination } = headers;
    const port = headers.isUdp ? headers.destinationPort : 0;
    const localPort = headers.isUdp ? headers.sourcePort : 0;
    let waiting: Exchange | null = null;
    for (const exchange of this.exchanges) {
      const { peer } = exchange;
      if (peer.port !== port || peer.address !== destination || exchange.kind === "arp") continue;
      if ((exchange.kind === "icmp") !== headers.isIcmp) continue;
      if (exchange.livePort === localPort || exchange.kind === "icmp") return exchange;
      if (exchange.livePort >= 0) continue;
      const asks = exchange.recorded[0];
      // Sockets may open in another order than they did.
      if (asks && firstDifference(asks.subarray(2), message.subarray(2)) < 0) {
        waiting = exchange;
        break;
      }
      waiting ??= exchange;
    }
    if (waiting) waiting.livePort = localPort;
    return waiting;
  }
}

function ends(headers: Headers, fromPeer: boolean): [peer: Endpoint, local: Endpoint] {
  const ports = headers.isCutTcp || headers.isUdp;
  const a = { address: headers.source, port: ports ? headers.sourcePort : 0 };
  const b = { address: headers.destination, port: ports ? headers.destinationPort : 0 };
  return fromPeer ? [a, b] : [b, a];
}

function text({ address, port }: Endpoint): string {
  return `${address}.${port}`;
}
