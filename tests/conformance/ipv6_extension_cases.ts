// Extension headers and options of IPv6 (RFC 8200, 4).

import { assert } from "@std/assert";
import type { FrameCase } from "./case.ts";
import { ALL_NODES, groupMac, OTHER6 } from "./frames.ts";
import { filled, icmp6 } from "./packets.ts";
import { onLink, type Station } from "./station.ts";
import { HOST6 } from "./wire.ts";

export const IPV6_EXTENSION_CASES: FrameCase[] = [];
const define = onLink(IPV6_EXTENSION_CASES);

/** An options header before an echo. */
function withHeaders(station: Station, headers: readonly number[], destination: readonly number[] = HOST6): Uint8Array {
  return Uint8Array.from([...headers, ...icmp6(128, 0, [0, 1, 0, 1], [1], station.ip6, destination)]);
}

for (const [what, next] of [["hop-by-hop", 0], ["destination", 60]] as const) {
  define(`ipv6: ${what} options that are padding are read over`, async (station) => {
    for (const options of [[1, 4, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [0, 1, 1, 0, 1, 0], [1, 0, 1, 2, 0, 0]]) {
      station.put6({ next }, withHeaders(station, [58, 0, ...options]));
      assert(await station.answers6(1), String(options));
    }
  });
  define(`ipv6: an unknown ${what} option whose bits are 00 is skipped`, async (station) => {
    station.put6({ next }, withHeaders(station, [58, 0, 0x1e, 4, 0, 0, 0, 0]));
    assert(await station.answers6(1));
  });
  define(`ipv6: an unknown ${what} option whose bits are 01 drops the packet`, async (station) => {
    station.put6({ next }, withHeaders(station, [58, 0, 0x5e, 4, 0, 0, 0, 0]));
    await station.silence();
  });
  for (const bits of ["10", "11"]) {
    define(`ipv6: an unknown ${what} option whose bits are ${bits} is told of`, async (station) => {
      const option = bits === "10" ? 0x9e : 0xde;
      const sent = station.put6({ next }, withHeaders(station, [58, 0, 1, 0, option, 2, 0, 0]));
      await station.problem(4, 2, 44, sent);
    });
  }
  define(`ipv6: an unknown ${what} option to a group is told of where its bits are 10 only`, async (station) => {
    const to = groupMac(ALL_NODES);
    const destination = ALL_NODES;
    station.put6({ next, destination }, withHeaders(station, [58, 0, 0xde, 4, 0, 0, 0, 0], destination), to);
    await station.silence();
    const bytes = withHeaders(station, [58, 0, 0x9e, 4, 0, 0, 0, 0], destination);
    await station.problem(4, 2, 42, station.put6({ next, destination }, bytes, to));
  });
  define(`ipv6: ${what} options beyond their header, or the packet, are dropped`, async (station) => {
    station.put6({ next }, Uint8Array.of(58, 3, 1, 4, 0, 0, 0, 0));
    station.put6({ next }, Uint8Array.of(58, 0, 1, 4));
    assert(!await station.answers6(1));
    await station.alive6();
  });
}
define("ipv6: hop-by-hop options that are not first are unknown", async (station) => {
  const pad = [0, 1, 4, 0, 0, 0, 0];
  const sent = station.put6({ next: 60 }, withHeaders(station, [0, ...pad, 58, ...pad]));
  await station.problem(4, 1, 40, sent);
});
define("ipv6: all extension headers together are read", async (station) => {
  const pad = [0, 1, 4, 0, 0, 0, 0];
  const headers = [60, ...pad, 44, ...pad, 60, 0, 0, 0, 0, 0, 0, 9, 58, ...pad];
  station.put6({ next: 0 }, withHeaders(station, headers));
  assert(await station.answers6(1));
});
define("ipv6: a routing header that leads on is told of, one that is done is read over", async (station) => {
  for (const type of [0, 1, 200]) {
    const sent = station.put6({ next: 43 }, withHeaders(station, [58, 2, type, 1, 0, 0, 0, 0, ...OTHER6]));
    await station.problem(4, 0, 42, sent);
  }
  station.put6({ next: 43 }, withHeaders(station, [58, 2, 200, 0, 0, 0, 0, 0, ...OTHER6]));
  assert(await station.answers6(1));
});
define("ipv6: an unknown next header is told of, and where it was named", async (station) => {
  await station.problem(4, 1, 6, station.put6({ next: 200 }, filled(20)));
});
define("ipv6: an unknown next header behind options is told of", async (station) => {
  const bytes = Uint8Array.from([200, 0, 1, 4, 0, 0, 0, 0, ...filled(20)]);
  await station.problem(4, 1, 40, station.put6({ next: 60 }, bytes));
});
define("ipv6: no next header: silence", async (station) => {
  station.put6({ next: 59 }, filled(20));
  station.put6({ next: 60 }, Uint8Array.from([59, 0, 1, 4, 0, 0, 0, 0, ...filled(20)]));
  station.put6({ next: 59 }, new Uint8Array(0));
  await station.silence();
});
