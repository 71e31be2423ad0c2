/**
 * Display filters over packets of a driver, for plugins and tests.
 *
 * @module
 */

import { linkTypeOf } from "../../core/capture/link_type.ts";
import type { Medium } from "../../core/driver.ts";
import { Dissector } from "./dissector.ts";
import { frameFilter } from "./frame_filter.ts";

/**
 * Compiles a display filter over packets, as `capture()` and `trace()` take it.
 *
 * ```ts
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { trace } from "@bonsai/net/plugins/trace";
 * import { packetFilter } from "@bonsai/net/testing";
 *
 * const [driver] = memory("ethernet");
 * const plugin = trace(console.log, { filter: packetFilter("tcp.port == 80 || arp", driver.medium) });
 * ```
 *
 * @param text The filter, a part of the language of Wireshark's display filters.
 * @param medium What the packets begin with: the medium of the driver.
 * @returns Tells whether a packet passes.
 * @throws {SyntaxError} When the text is no filter, or names an unknown field.
 */
export function packetFilter(text: string, medium: Medium): (bytes: Uint8Array) => boolean {
  const filter = frameFilter(text);
  const dissector = new Dissector();
  const linkType = linkTypeOf(medium);
  return (bytes) => filter(dissector.dissect(bytes, 0, bytes.length, bytes.length, linkType));
}
