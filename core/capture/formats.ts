/**
 * Tells the formats of capture files apart.
 *
 * @module
 */

import type { CaptureFormat } from "./capture_format.ts";
import type { CaptureReader } from "./capture_reader.ts";
import { PcapFormat, pcapVariant } from "./pcap_format.ts";
import { PCAPNG_MAGIC, PcapngFormat } from "./pcapng_format.ts";

/**
 * Finds the format of a file.
 *
 * @param reader The reader, at the first four bytes of the file.
 * @returns The format, or why there is none in one sentence.
 */
export function formatOf(reader: CaptureReader): CaptureFormat | string {
  const magic = reader.view.getUint32(reader.at);
  if (magic === PCAPNG_MAGIC) return new PcapngFormat();
  for (const little of [false, true]) {
    const variant = pcapVariant(reader.view.getUint32(reader.at, little));
    if (variant) return new PcapFormat(variant, little);
  }
  if (magic >>> 16 === 0x1f8b) return "This is a gzip file: what it holds must be unpacked first";
  return `This is no capture file: it begins with 0x${magic.toString(16).padStart(8, "0")}`;
}
