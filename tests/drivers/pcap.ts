/** Classic pcap files made by hand. */

export interface PcapOptions {
  linkType?: number;
  little?: boolean;
  nanoseconds?: boolean;
  snaplen?: number;
}

/** Writes a file of `[time in ms, bytes]`. */
export function pcap(packets: readonly (readonly [number, Uint8Array])[], options: PcapOptions = {}): Uint8Array {
  const { linkType = 1, little = true, nanoseconds = false, snaplen = 262_144 } = options;
  const file = new Uint8Array(24 + packets.reduce((sum, [, bytes]) => sum + 16 + bytes.length, 0));
  const view = new DataView(file.buffer);
  view.setUint32(0, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, little);
  view.setUint16(4, 2, little);
  view.setUint16(6, 4, little);
  view.setUint32(16, snaplen, little);
  view.setUint32(20, linkType, little);
  let at = 24;
  for (const [time, bytes] of packets) {
    view.setUint32(at, time / 1000, little);
    view.setUint32(at + 4, Math.round(time % 1000 * (nanoseconds ? 1e6 : 1e3)), little);
    view.setUint32(at + 8, Math.min(bytes.length, snaplen), little);
    view.setUint32(at + 12, bytes.length, little);
    file.set(bytes, at + 16);
    at += 16 + bytes.length;
  }
  return file;
}
