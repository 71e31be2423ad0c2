/** A network card for tests, which finishes checksums and cuts up TCP data, by RFC 1071 and RFC 9293 alone. */

import { assertEquals } from "@std/assert";
import { DriverWrapper } from "../../core/driver_wrapper.ts";
import { type Driver, type Medium, NO_OFFLOAD, type Offload } from "../../core/driver.ts";
import { HEADROOM, Packet } from "../../core/packet.ts";
import { checksum, u16 } from "../protocols/harness.ts";

const ETHERNET = 14;
const UDP = 17;
const PSH_FIN = 0x09;

/** Takes packets of Ethernet that a stack leaves unfinished; `cuts` hears of the bytes of data in each segment it made. */
export class Card<M extends Medium> extends DriverWrapper<M> {
  override readonly offload: Offload = { ...NO_OFFLOAD, transmitChecksum: true, segmentation: 65_553 };
  readonly #cuts: (segments: number[]) => void;
  constructor(driver: Driver<M>, cuts: (segments: number[]) => void = () => {}) {
    super(driver);
    this.#cuts = cuts;
  }

  override transmit(packet: Packet): boolean {
    if (!packet.verified) {
      assertEquals(packet.segment, 0);
      return this.inner.transmit(packet);
    }
    const frame = packet.view();
    const six = frame[ETHERNET]! >> 4 === 6;
    const upper = ETHERNET + (six ? 40 : (frame[ETHERNET]! & 15) * 4);
    const protocol = frame[ETHERNET + (six ? 6 : 9)]!;
    const udp = protocol === UDP;
    const field = upper + (udp ? 6 : 16);
    const data = upper + (udp ? 8 : (frame[upper + 12]! >> 4) * 4);
    const addresses = frame.subarray(ETHERNET + (six ? 8 : 12), ETHERNET + (six ? 40 : 20));
    const pseudo = (length: number): number[] => [...addresses, 0, protocol, ...u16(length)];
    // The field holds the sum of the pseudo-header, folded and not inverted.
    assertEquals([frame[field]!, frame[field + 1]!], u16(0xffff - checksum(pseudo(frame.length - upper))));
    const size = packet.segment || frame.length - data || 1;
    const segments: number[] = [];
    for (let at = data; at === data || at < frame.length; at += size) {
      const end = Math.min(at + size, frame.length);
      const piece = Uint8Array.from([...frame.subarray(0, data), ...frame.subarray(at, end)]);
      const view = new DataView(piece.buffer);
      if (six) view.setUint16(ETHERNET + 4, piece.length - upper);
      else {
        view.setUint16(ETHERNET + 2, piece.length - ETHERNET);
        view.setUint16(ETHERNET + 10, 0);
        view.setUint16(ETHERNET + 10, checksum(piece.subarray(ETHERNET, upper)));
      }
      if (!udp) {
        view.setUint32(upper + 4, view.getUint32(upper + 4) + at - data);
        if (end < frame.length) piece[upper + 13]! &= ~PSH_FIN;
      }
      view.setUint16(field, 0);
      const sum = checksum([...pseudo(piece.length - upper), ...piece.subarray(upper)]);
      view.setUint16(field, udp ? sum || 0xffff : sum);
      const out = new Packet(HEADROOM + 1600);
      out.write(piece);
      this.inner.transmit(out);
      segments.push(piece.length - data);
    }
    this.#cuts(segments);
    return true;
  }
}
