// Odd packets from a seed, for our stack and the kernel to be asked the same. Left out is where Linux goes its own way, and the
// RFCs leave it open: named where it is.

import { foldChecksum, type Random, seededRandom, sumBytes } from "@bonsai/net";
import { icmp6, icmpMessage, ip, ip6, pseudoSum, THEM, udpDatagram, US } from "./packets.ts";

export const US6 = [0xfd, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
export const THEM6 = [0xfd, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];

/** Sources that are no host, and others from which an answer is wanted. */
const SOURCES4 = ["10.0.0.77", "8.8.8.8", "169.254.3.4", "127.0.0.1", "255.255.255.255", "224.0.0.5", "10.0.0.2"];
const DESTINATIONS4 = ["255.255.255.255", "10.0.0.255", "224.0.0.1", "239.1.1.1", "127.0.0.1", "0.0.0.0", "10.0.0.9"];
const SOURCES6 = ["fd01 77", "2001:db8 9", "fe80 1", "0 1", "ff02 5", "fd01 2"];
const DESTINATIONS6 = ["ff02 1", "ff01 1", "ff05 1", "0 1", "0 0", "fd01 9", "2001:db8 1", "ff0e 1"];
/** Protocols that nobody reads: SCTP, Ethernet in IP, reserved ones. */
const UNREAD = [132, 97, 99, 255];
/** IPv6 header: none follows. */
const NONE = 59;

function address4(text: string): number[] {
  return text.split(".").map(Number);
}

/** The first groups and the last one of an address. */
function address6(text: string): number[] {
  const [head, last] = text.split(" ");
  const groups = head!.split(":").map((group) => parseInt(group, 16));
  const bytes = groups.flatMap((group) => [group >> 8, group & 255]);
  return [...bytes, ...new Array<number>(15 - bytes.length).fill(0), parseInt(last!, 16)];
}

/** Makes packets. */
export class RandomPackets {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  #below(limit: number): number {
    return (this.#random() >>> 0) % limit;
  }

  /** Once in so many times. */
  #once(times: number): boolean {
    return this.#below(times) === 0;
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)]!;
  }

  #bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#random());
  }

  /** A packet of IPv4. */
  ipv4(): Uint8Array {
    const protocol = this.#pick([1, 1, 1, 17, 17, 6, ...UNREAD]);
    const others = this.#once(5);
    const bytes = ip(
      {
        protocol,
        tos: this.#pick([0, 0x10, 0xb8, 3, 0xff]),
        ttl: this.#pick([64, 1, 0, 255]),
        id: this.#below(65_536),
        // The kernel walks the options of what is for others too.
        options: others || !this.#once(3) ? [] : this.#options4(),
        ...this.#once(5) ? { source: address4(this.#pick(SOURCES4)) } : {},
        ...others ? { destination: address4(this.#pick(DESTINATIONS4)) } : {},
        ...this.#once(8) ? { fragment: this.#pick([0x4000, 0x8000, 0xc000]) } : {},
        ...this.#once(12) ? { length: this.#below(100) } : {},
        ...this.#once(15) ? { headerWords: this.#below(16) } : {},
        ...this.#once(15) ? { badChecksum: true } : {},
        ...this.#once(25) ? { version: this.#pick([0, 5, 7, 15]) } : {},
      },
      this.#payload4(protocol),
      this.#pick([0, 0, 5]),
    );
    return bytes;
  }

  #payload4(protocol: number): Uint8Array {
    if (protocol === 17) return this.#udp(undefined);
    if (protocol !== 1) return this.#bytes(this.#below(50));
    const kind = this.#below(6);
    if (kind === 0) return icmpMessage(13, this.#pick([0, 9]), [0, 1, 0, 1], this.#bytes(this.#pick([12, 20])));
    // Errors, and queries that nobody answers.
    if (kind === 1) return icmpMessage(this.#pick([15, 17, 0, 14, 18, 37, 40, 200]), 0, [0, 1, 0, 1], this.#bytes(20));
    if (kind === 2) {
      const quoted = ip({ source: THEM, destination: US, protocol: this.#pick([17, 1, 99]) }, this.#bytes(8));
      return icmpMessage(this.#pick([3, 4, 5, 11, 12]), this.#below(16), [10, 0, 0, 9], quoted);
    }
    const echo = icmpMessage(8, this.#pick([0, 0, 5]), [0, 1, 0, 1], this.#bytes(this.#below(60)));
    if (this.#once(6)) echo[2]! ^= 1;
    return this.#once(6) ? echo.subarray(0, this.#below(8)) : echo;
  }

  #udp(addresses: { us: readonly number[]; them: readonly number[] } | undefined): Uint8Array {
    const destination = this.#pick([9, 4000, 65_535]);
    const data = this.#bytes(this.#below(30));
    // A length of 0 is one of a jumbogram to Linux, over IPv6.
    const length = this.#once(6) ? 1 + this.#below(60) : 8 + data.length;
    const datagram = udpDatagram({ destination, length, ...addresses }, data);
    return this.#once(8) ? datagram.subarray(0, this.#below(8)) : datagram;
  }

  /** One that is told of at most: what Linux says of several depends on how far it came in copying them. */
  #options4(): number[] {
    const list: number[][] = [];
    for (let i = this.#below(3); i > 0; i--) list.push(this.#pick([[1], [148, 4, 0, 0], [136, 4, 0, 1], [0x9e, 3, 7]]));
    const special = this.#below(5);
    if (special === 0) {
      // Where there are two places Linux fills both, one as it comes and one as its answer goes.
      const size = this.#pick([3, 7]);
      list.push(this.#entry(7, size, this.#pick([4, 8, 0, 3, 255]), []));
    } else if (special === 1) {
      const kind = this.#pick([0, 0, 1, 2]);
      const size = 4 + (kind === 1 ? 8 : 4) * this.#below(4);
      const pointer = this.#pick([size + 1, 0, 4, 255]);
      list.push(this.#entry(68, size, pointer, [this.#pick([0, 0xf0, 0x30]) | kind]));
    } else if (special === 2) list.push(this.#pick([[131, 7, 4, 10, 0, 0, 9], [137, 7, 3, 10, 0, 0, 9], [137, 2]]));
    else if (special === 3) list.push(this.#pick([[148, 3, 0], [130, 1], [130, 0], [7, 2], [0x9e, 30]]));
    return list.flat().slice(0, 40);
  }

  #entry(type: number, size: number, pointer: number, more: readonly number[]): number[] {
    return [type, size, pointer, ...more, ...this.#bytes(Math.max(0, size - 3 - more.length))].slice(0, size);
  }

  /** A packet of IPv6. */
  ipv6(): Uint8Array {
    const others = this.#once(6);
    // A group is answered from an address of ours, of which those of the link differ.
    const source = !others && this.#once(5) ? address6(this.#pick(SOURCES6)) : US6;
    const destination = others ? address6(this.#pick(DESTINATIONS6)) : THEM6;
    let next = this.#pick([58, 58, 58, 17, 17, 6, NONE, ...UNREAD]);
    let body = [...this.#payload6(next, source, destination)];
    // One fragment header: Linux takes a second one for an error.
    let whole = true;
    for (let i = this.#pick([0, 0, 1, 2, 3]); i > 0; i--) {
      // The kernel walks the hop-by-hop options of what is for others too, and drops routing headers to groups.
      const kind = this.#pick(others ? [60] : [0, whole ? 44 : 60, 43, 60]);
      if (kind === 44) {
        body = [next, 0, 0, this.#pick([0, 6]), 0, 0, 0, this.#below(256), ...body];
        whole = false;
      } else if (kind === 43) {
        const units = this.#below(3);
        // Types that nobody knows: others are known to Linux.
        body = [
          next,
          units,
          this.#pick([0, 43, 253]),
          this.#pick([0, 0, 1, 5]),
          ...this.#bytes(4 + 8 * units),
          ...body,
        ];
      } else {
        const options = this.#options6();
        body = [next, (options.length + 2) / 8 - 1, ...options, ...body];
      }
      next = kind;
    }
    return ip6(
      {
        source,
        destination,
        next,
        hopLimit: this.#pick([64, 1, 0, 255]),
        ...this.#once(12) ? { length: body.length + this.#pick([6, 100]) } : {},
        ...this.#once(25) ? { version: this.#pick([0, 5, 7, 15]) } : {},
      },
      Uint8Array.from(body),
      this.#pick([0, 0, 5]),
    );
  }

  #payload6(next: number, us: readonly number[], them: readonly number[]): Uint8Array {
    if (next === 17) return this.#udp({ us, them });
    if (next !== 58) return this.#bytes(8 + this.#below(50));
    const kind = this.#below(6);
    if (kind === 0) {
      const type = this.#pick([129, 139, 140, 150, 200, 255, 127, 100, 5, 0, 144]);
      return icmp6(type, 0, [0, 0, 0, 0], [...this.#bytes(this.#pick([0, 16, 20]))], us, them);
    }
    if (kind === 1) {
      const quoted = ip6({ source: THEM6, destination: US6, next: 17 }, this.#bytes(8));
      return icmp6(this.#pick([1, 3, 4]), this.#below(8), [0, 0, 0, 0], [...quoted], us, them);
    }
    const echo = icmp6(128, this.#pick([0, 0, 3]), [0, 1, 0, 1], [...this.#bytes(this.#below(60))], us, them);
    if (this.#once(6)) echo[2]! ^= 1;
    // Without a type Linux takes it for an error.
    return this.#once(6) ? echo.subarray(0, 1 + this.#below(7)) : echo;
  }

  /** One option, whole, among what is passed over; Linux drops more than seven bytes of padding. */
  #options6(): number[] {
    const data = [...this.#bytes(this.#below(5))];
    const type = this.#pick([0x1e, 0x3e, 0x5e, 0x9e, 0xde]);
    const list = [0x1e, 0, type, data.length, ...data];
    const left = -(list.length + 2) & 7;
    return left === 0
      ? list
      : left === 1
      ? [...list, 0]
      : [...list, 1, left - 2, ...new Array<number>(left - 2).fill(0)];
  }

  /** A whole echo in fragments, of which some come twice, late, not at all, or lie over others. */
  fragments(family: 4 | 6): Uint8Array[] {
    const id = [...this.#bytes(4)];
    const data = this.#bytes(this.#pick([16, 40, 100, 800]));
    const whole = family === 4
      ? icmpMessage(8, 0, [0, 1, 0, 1], data)
      : icmp6(128, 0, [0, 1, 0, 1], [...data], US6, THEM6);
    const units = Math.ceil(whole.length / 8);
    const cuts = new Set([0]);
    for (let i = 1 + this.#below(5); i > 0; i--) cuts.add(this.#below(units));
    const starts = [...cuts].sort((a, b) => a - b);
    const parts = starts.map((from, i) => [from * 8, Math.min((starts[i + 1] ?? units) * 8, whole.length)] as const);
    for (let i = this.#below(3); i > 0; i--) {
      const at = this.#below(parts.length);
      const [from, to] = parts[at]!;
      if (this.#once(3)) parts.push(parts[at]!);
      else if (this.#once(2) && parts.length > 1) parts.splice(at, 1);
      else if (to - from > 8) parts.push([from + 8, Math.min(to + 8, whole.length)]);
    }
    for (let i = parts.length - 1; i > 0; i--) {
      const other = this.#once(2) ? i : this.#below(i + 1);
      [parts[i], parts[other]] = [parts[other]!, parts[i]!];
    }
    return parts.map(([from, to]) => {
      const more = to < whole.length;
      const part = whole.slice(from, to);
      if (family === 4) {
        return ip({ protocol: 1, id: id[0]! << 8 | id[1]!, fragment: from / 8 | (more ? 0x2000 : 0) }, part);
      }
      const header = [58, 0, from >> 8, from & 248 | Number(more), ...id];
      return ip6({ source: US6, destination: THEM6, next: 44 }, Uint8Array.from([...header, ...part]));
    });
  }
}

/** What is said in a packet, without what each host chooses for itself. */
export function saying(packet: Uint8Array): string {
  const bytes = packet.slice();
  const six = bytes[0]! >> 4 === 6;
  const header = six ? 40 : (bytes[0]! & 15) * 4;
  const end = six ? 40 + (bytes[4]! << 8 | bytes[5]!) : bytes[2]! << 8 | bytes[3]!;
  const protocol = bytes[six ? 6 : 9]!;
  const type = bytes[header]!;
  const error = six ? protocol === 58 && type < 128 : protocol === 1 && [3, 11, 12].includes(type);
  const addresses = six ? bytes.subarray(8, 40) : bytes.subarray(12, 20);
  const payload = bytes.subarray(header, end);
  if (protocol === 1 || protocol === 58) {
    const sum = six ? pseudoSum([...bytes.subarray(8, 24)], [...bytes.subarray(24, 40)], 58, payload.length) : 0;
    if (foldChecksum(sumBytes(payload, 0, payload.length, sum)) !== 0) return "an ICMP message with a wrong checksum";
    payload[2] = payload[3] = 0;
    // The time.
    if (!six && type === 14) payload.fill(0, 12, 20);
  }
  const options = !six && !error ? [...bytes.subarray(20, header)] : [];
  for (let at = 0; at < options.length && options[at] !== 0; at += options[at] === 1 ? 1 : options[at + 1]!) {
    if (options[at] === 68) options.fill(0, at + 4, at + options[at + 1]!);
  }
  // What an error quotes of options is what either has written into them already.
  const quoted = error ? payload.subarray(0, six ? payload.length : 8 + 10) : payload;
  const service = six ? (bytes[0]! & 15) << 4 | bytes[1]! >> 4 : bytes[1]!;
  const words = [[protocol, service, payload.length], addresses, options, quoted];
  return words.map((part) => Array.from(part, (byte) => byte.toString(16).padStart(2, "0")).join("")).join(" ");
}
