/**
 * Reads capture files in the classic pcap format (draft-ietf-opsawg-pcap): both byte orders, microseconds and nanoseconds.
 *
 * @module
 */

/** What is wrong with a capture file, and where. */
export class CaptureError extends Error {
  /** Its kind. */
  override readonly name: string = "CaptureError";
  /** Where the damage begins, in bytes from the front of the file. */
  readonly offset: number;

  /**
   * Makes an error.
   *
   * @param message What is wrong, in one sentence.
   * @param offset Where, in bytes.
   */
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** A packet of a capture file. */
export interface CapturedPacket {
  /** Its number in the file, from 1. */
  readonly number: number;
  /** Where its record begins, in bytes from the front of the file. */
  readonly offset: number;
  /** When it passed: whole seconds since 1970-01-01 UTC. */
  readonly seconds: number;
  /** When it passed: nanoseconds of that second; in damaged files 0 to 4,294,967,295,000. */
  readonly nanoseconds: number;
  /** Bytes that it had on the wire. */
  readonly length: number;
  /** What was kept of it; shares the file's storage. */
  readonly bytes: Uint8Array;
}

/** A capture file that was read. */
export interface Capture {
  /** What its packets begin with, a number of <https://www.tcpdump.org/linktypes.html>. */
  readonly linkType: number;
  /** Bytes kept of each packet at most. */
  readonly snaplen: number;
  /** The packets, up to the damage if there is any. */
  readonly packets: CapturedPacket[];
  /** What is wrong with the file; null when nothing is. */
  readonly error: CaptureError | null;
}

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
/** The pcapng format, which begins with a block of this type. */
const PCAPNG = 0x0a0d0d0a;
/** The largest packet that capture programs write, whatever snaplen they name. */
const LARGEST = 262_144;

/**
 * Reads a classic pcap file. Nothing that it may hold makes this throw.
 *
 * @param file The whole file; the packets share its storage.
 * @returns Every packet up to the damage, and the damage.
 */
export function readPcap(file: Uint8Array): Capture {
  const packets: CapturedPacket[] = [];
  const fail = (message: string, offset: number, linkType = -1, snaplen = 0): Capture => {
    return { linkType, snaplen, packets, error: new CaptureError(message, offset) };
  };
  if (file.length < FILE_HEADER) {
    return fail(`A pcap file has a header of 24 bytes, but there are only ${file.length}`, 0);
  }
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const isMagic = (magic: number): boolean => magic === MICROSECONDS || magic === NANOSECONDS;
  const little = isMagic(view.getUint32(0, true));
  const magic = view.getUint32(0, little);
  if (magic === PCAPNG) return fail("This is a pcapng file, and only classic pcap is read here", 0);
  if (!isMagic(magic)) return fail(`This is no pcap file: it begins with 0x${magic.toString(16).padStart(8, "0")}`, 0);
  const major = view.getUint16(4, little);
  if (major !== 2) return fail(`The pcap file is of version ${major}, and only version 2 is known`, 4);
  const snaplen = view.getUint32(16, little);
  // The upper four bits tell of a frame check sequence.
  const linkType = view.getUint32(20, little) & 0x0fffffff;
  const unit = magic === NANOSECONDS ? 1 : 1000;
  const most = Math.max(LARGEST, snaplen < 0x7fffffff ? snaplen : 0);
  let offset = FILE_HEADER;
  while (offset < file.length) {
    const number = packets.length + 1;
    const left = file.length - offset;
    if (left < RECORD_HEADER) {
      const cut =
        `The file ends at byte ${file.length}, within the header of packet ${number} that begins at ${offset}`;
      return fail(cut, offset, linkType, snaplen);
    }
    const size = view.getUint32(offset + 8, little);
    if (size > most) {
      const says = `Packet ${number} at byte ${offset} says that it has ${size} bytes: the file is damaged there`;
      return fail(says, offset, linkType, snaplen);
    }
    const start = offset + RECORD_HEADER;
    if (size > left - RECORD_HEADER) {
      const lacks = size - (left - RECORD_HEADER);
      const cut = `The file ends at byte ${file.length}, within packet ${number} that begins at ${offset}: ` +
        `${lacks} of its ${size} bytes are missing`;
      return fail(cut, offset, linkType, snaplen);
    }
    packets.push({
      number,
      offset,
      seconds: view.getUint32(offset, little),
      nanoseconds: view.getUint32(offset + 4, little) * unit,
      length: view.getUint32(offset + 12, little),
      bytes: file.subarray(start, start + size),
    });
    offset = start + size;
  }
  return { linkType, snaplen, packets, error: null };
}
