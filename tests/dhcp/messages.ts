/** DHCP messages as the tests read and write them, by the RFCs alone (RFC 2131, 2; RFC 2132; RFC 3396). */

export const [DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM] = [1, 2, 3, 4, 5, 6, 7, 8] as const;

/** The options' codes. */
export const OPTION = {
  mask: 1,
  router: 3,
  dns: 6,
  hostname: 12,
  domain: 15,
  mtu: 26,
  requested: 50,
  lease: 51,
  overload: 52,
  type: 53,
  server: 54,
  parameters: 55,
  message: 56,
  size: 57,
  t1: 58,
  t2: 59,
  client: 61,
  search: 119,
  routes: 121,
} as const;

/** A message. */
export interface DhcpMessage {
  /** 1 of a client, 2 of a server. */
  op: number;
  xid: number;
  secs: number;
  flags: number;
  ciaddr: number;
  yiaddr: number;
  siaddr: number;
  giaddr: number;
  chaddr: number[];
  options: Map<number, number[]>;
}

/** The bytes of integers of 32 bits. */
export function words(...values: number[]): number[] {
  return values.flatMap((value) => [value >>> 24, value >>> 16 & 255, value >>> 8 & 255, value & 255]);
}

/** Reads a message that is in order; throws otherwise. */
export function readDhcp(bytes: Uint8Array): DhcpMessage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(236) !== 0x63825363 || bytes[1] !== 1 || bytes[2] !== 6) {
    throw new Error("This is no DHCP message");
  }
  const options = new Map<number, number[]>();
  for (let at = 240; bytes[at] !== 255;) {
    const code = bytes[at++]!;
    if (code === 0) continue;
    const length = view.getUint8(at++);
    if (at + length > bytes.length) throw new Error(`Option ${code} is longer than the message`);
    options.set(code, [...options.get(code) ?? [], ...bytes.subarray(at, at += length)]);
  }
  return {
    op: bytes[0]!,
    xid: view.getInt32(4),
    secs: view.getUint16(8),
    flags: view.getUint16(10),
    ciaddr: view.getInt32(12),
    yiaddr: view.getInt32(16),
    siaddr: view.getInt32(20),
    giaddr: view.getInt32(24),
    chaddr: [...bytes.subarray(28, 34)],
    options,
  };
}

/** Writes a message. */
export function writeDhcp(message: DhcpMessage): Uint8Array<ArrayBuffer> {
  const options = [...message.options].flatMap(([code, value]) => {
    const parts: number[] = [];
    for (let at = 0; at === 0 || at < value.length; at += 255) {
      const part = value.slice(at, at + 255);
      parts.push(code, part.length, ...part);
    }
    return parts;
  });
  const { op, secs, flags, chaddr } = message;
  const head = [op, 1, 6, 0, ...words(message.xid), secs >> 8, secs, flags >> 8, flags];
  head.push(...words(message.ciaddr, message.yiaddr, message.siaddr, message.giaddr), ...chaddr);
  const bytes = new Uint8Array(Math.max(300, 241 + options.length));
  bytes.set(head.map((byte) => byte & 255));
  bytes.set([99, 130, 83, 99, ...options, 255], 236);
  return bytes;
}
