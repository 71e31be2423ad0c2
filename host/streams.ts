/**
 * Streams over a connection's reads and writes.
 *
 * @module
 */

import type { TcpConn } from "../protocols/tcp.ts";

/** Bytes read at once. */
const CHUNK = 65_536;

/** What comes in, as a stream. */
export function connReadable(conn: TcpConn): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const chunk = new Uint8Array(CHUNK);
      const size = await conn.read(chunk);
      if (size === null) controller.close();
      else controller.enqueue(chunk.subarray(0, size));
    },
    cancel: () => conn.close(),
  }, { highWaterMark: 0 });
}

/** What goes out, as a stream. */
export function connWritable(conn: TcpConn): WritableStream<Uint8Array> {
  return new WritableStream({
    async write(data) {
      for (let at = 0; at < data.length;) at += await conn.write(data.subarray(at));
    },
    close: () => conn.closeWrite(),
    abort: () => conn.abort(),
  });
}
