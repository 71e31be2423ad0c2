// Groups of IPv6 that a host reports (RFC 3810).

import { assert, assertEquals } from "@std/assert";
import type { FrameCase } from "./case.ts";
import { ALL_NODES, ANY6, type Frame, groupMac, hex, IPV6, solicitedNode } from "./frames.ts";
import { icmp6 } from "./packets.ts";
import { linkLocal, onLink, type Station } from "./station.ts";
import { HOST6 } from "./wire.ts";

export const MLD_CASES: FrameCase[] = [];
const define = onLink(MLD_CASES);

/** A question for groups, version 2 (RFC 3810, 5.1), behind the router alert that it needs. */
function query(station: Station, fields: { hopLimit?: number; source?: number[]; alert?: boolean } = {}): void {
  const { hopLimit = 1, source = linkLocal(station), alert = true } = fields;
  const message = icmp6(130, 0, [0, 100, 0, 0], [...ANY6, 2, 125, 0, 0], source, ALL_NODES);
  const bytes = alert ? Uint8Array.from([58, 0, 5, 2, 0, 0, 1, 0, ...message]) : message;
  station.put6({ next: alert ? 0 : 58, hopLimit, source, destination: ALL_NODES }, bytes, groupMac(ALL_NODES));
}

const reported = ({ type, payload }: Frame): boolean => type === IPV6 && payload[6] === 0 && payload[48] === 143;

define("mld: a query is answered with the groups of our addresses (RFC 3810)", async (station) => {
  query(station);
  const group = hex(solicitedNode(HOST6));
  const got = await station.take((frame) => reported(frame) && hex(frame.payload).includes(group), 2000);
  assert(got, "no report came");
  assertEquals([got.to, got.payload[7]], ["33:33:00:00:00:16", 1]);
  assertEquals(hex(got.payload.subarray(40, 48)), hex([58, 0, 5, 2, 0, 0, 1, 0]));
  // Of nobody while the link-local address is asked for (RFC 3590).
  assert([0, 0xfe].includes(got.payload[8]!), hex(got.payload.subarray(8, 24)));
  while (await station.take(reported, 2500)) { /* The host repeats itself at its start. */ }
});
define("mld: queries from beyond the link, or without a router alert, are not answered", async (station) => {
  query(station, { hopLimit: 64 });
  query(station, { source: station.ip6 });
  query(station, { alert: false });
  assertEquals(await station.take(reported, 1500), null);
});
