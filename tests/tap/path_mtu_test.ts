/** A router on the way whose next link becomes narrower in the middle of a transfer (RFC 1191, RFC 8201). */

import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testWith } from "../needs.ts";
import { inNamespace, Namespace, NEEDS } from "./namespace.ts";

/** Bytes that are sent. */
const SIZE = 400_000_000;
/** Milliseconds for which nothing may arrive, at most: a retransmission timeout or two on a busy machine. */
const STALL = 1500;

for (
  const { family, ours, link, far, forwarding } of [
    { family: "IPv4", ours: "10.9.0.2", link: "10.10.0.1/24", far: "10.10.0.2/24", forwarding: "net.ipv4.ip_forward" },
    {
      family: "IPv6",
      ours: "fd09::2",
      link: "fd0a::1/64",
      far: "fd0a::2/64",
      forwarding: "net.ipv6.conf.all.forwarding",
    },
  ]
) {
  testWith(
    [...NEEDS, "socat"],
    `path MTU: ${family}, a hop that becomes narrower, twice, in the middle of a transfer does not stall it`,
    () =>
      inNamespace(async (near) => {
        const beyond = new Namespace();
        const folder = mkdtempSync(join(tmpdir(), "path-mtu-"));
        try {
          near.run("sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.default.dad_transmits=0");
          const program = near.start([
            ...["cli/services.ts", "--driver", "tap", "--address", "10.9.0.2/24", "--host", "10.9.0.1/24"],
            ...["--address6", "fd09::2/64", "--host6", "fd09::1/64", "--gateway", "10.9.0.1", "--gateway6", "fd09::1"],
          ]);
          await program.line(/^ready/);
          near.run("ip", "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", beyond.name);
          const nodad = family === "IPv6" ? ["nodad"] : [];
          near.run("ip", "address", "add", link, "dev", "near", ...nodad);
          near.run("ip", "link", "set", "near", "up");
          near.run("sysctl", "-qw", `${forwarding}=1`);
          beyond.run("ip", "address", "add", far, "dev", "far", ...nodad);
          beyond.run("ip", "link", "set", "far", "up");
          beyond.run("ip", "route", "add", "default", "via", link.split("/")[0]!);
          await new Promise((resolve) => setTimeout(resolve, family === "IPv6" ? 2500 : 0));

          const file = join(folder, "received");
          const host = family === "IPv6" ? `TCP6:[${ours}]:19` : `TCP4:${ours}:19`;
          const reader = beyond.spawn("bash", "-c", `socat -u ${host} - | head -c ${SIZE} > ${file}; echo done`);
          let size = 0;
          let longest = 0;
          let last = performance.now();
          const widths = [1300, 1280].map((mtu, i) => ({ mtu, from: (i + 1) * SIZE / 4 }));
          while (size < SIZE && performance.now() - last < 20_000) {
            await new Promise((resolve) => setTimeout(resolve, 5));
            const now = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
            if (now > size) {
              if (size > 0) longest = Math.max(longest, performance.now() - last);
              last = performance.now();
            }
            size = now;
            while (widths.length > 0 && size > widths[0]!.from) {
              near.run("ip", "link", "set", "near", "mtu", String(widths.shift()!.mtu));
            }
          }
          assertEquals(size, SIZE, program.said());
          await reader.line(/^done/);
          assert(longest < STALL, `nothing arrived for ${longest.toFixed(0)} ms`);
          program.signal("SIGUSR2");
          const [line] = await program.line(/^\{.*"tcp":.*/);
          const counters = JSON.parse(line) as Record<string, Record<string, number>>;
          // The router told so; segments of the old size are what was in flight.
          assert(counters[family === "IPv6" ? "icmpv6" : "icmp"]!.faults! >= 2, line);
          assertEquals(counters.loop!.faults, 0);
          assertEquals(await program.stop("SIGTERM"), 0, program.said());
        } finally {
          rmSync(folder, { recursive: true });
          await beyond.remove();
        }
      }),
  );
}
