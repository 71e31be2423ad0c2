import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { testWith } from "../needs.ts";
import { type Namespace, NEEDS, runtime } from "./namespace.ts";
import { type Counters, OURS, withServices } from "./services.ts";

const CLIENT = [...runtime(), "tests/tap/kernel_client.ts"];

/** Runs a line of shell; what it prints. */
function shell(namespace: Namespace, script: string): string {
  return namespace.run("bash", "-euo", "pipefail", "-c", script);
}

/** Waits until the stack holds no connection. */
async function untilQuiet(counters: () => Promise<Counters>, ms = 5000): Promise<Counters> {
  const end = performance.now() + ms;
  for (;;) {
    const now = await counters();
    if (now.tcp!.connections === 0 || performance.now() > end) return now;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

for (const driver of ["tap", "tun"] as const) {
  testWith(
    [...NEEDS, "ping"],
    `services over ${driver}: ping loses nothing, fragments and the largest datagram included`,
    () =>
      withServices(async ({ namespace, counters }) => {
        for (const size of [0, 56, 1472, 1473, 8000, 65_507]) {
          const out = namespace.run("ping", "-q", "-c", "20", "-i", "0.02", "-W", "2", "-s", String(size), OURS);
          assertMatch(out, /20 packets transmitted, 20 received, 0% packet loss/, `-s ${size}`);
        }
        const { fragments, icmp } = await counters();
        assertEquals(icmp!.replies, 120);
        assertEquals(fragments!.reassembled, 60);
        assertEquals(fragments!.timeouts, 0);
      }, driver),
  );
}

testWith(
  [...NEEDS, "nc", "sha256sum"],
  "services: TCP echo returns 100 MB, byte for byte, and closes after the FIN",
  () =>
    withServices(async ({ namespace, counters }) => {
      // Both directions of one connection at once; nc -N sends the FIN and reads on.
      const out = shell(
        namespace,
        `file=$(mktemp); trap 'rm -f $file' EXIT; head -c 100000000 /dev/urandom > $file
       nc -N ${OURS} 7 < $file | sha256sum; sha256sum < $file`,
      );
      const [back, sent] = out.split("\n");
      assertEquals(back, sent);
      const { tcp } = await untilQuiet(counters);
      assertEquals(tcp!.connections, 0);
    }),
);

testWith(
  [...NEEDS, "nc"],
  "services: discard takes everything, chargen sends its pattern",
  () =>
    withServices(async ({ namespace, counters }) => {
      assertEquals(shell(namespace, `head -c 20000000 /dev/zero | nc -N ${OURS} 9 | wc -c`).trim(), "0");
      const text = shell(namespace, `nc ${OURS} 19 < /dev/null | head -c 1000000 || true`);
      const lines = text.split("\r\n");
      assert(lines[0]!.startsWith(' !"#$%&'));
      assertEquals([lines[0]!.length, text.length], [72, 1_000_000]);
      for (let i = 1; i < lines.length - 1; i++) {
        assertEquals(lines[i]!.slice(0, -1), lines[i - 1]!.slice(1), `line ${i}`);
      }
      assertEquals((await untilQuiet(counters)).tcp!.connections, 0);
    }),
);

testWith(NEEDS, "services: UDP echo returns every length up to 65,507 bytes", () =>
  withServices(({ namespace }) => {
    assertStringIncludes(namespace.run(...CLIENT, "datagrams", OURS, "7"), "done");
  }));

testWith(NEEDS, "services: a closed port refuses at once", () =>
  withServices(({ namespace }) => {
    const [code, after] = namespace.run(...CLIENT, "fail", OURS, "4444").trim().split(" ");
    assertEquals(code, "ECONNREFUSED");
    assertLess(Number(after), 500);
  }));

testWith(
  NEEDS,
  "services: 2,000 connections opened and closed leave nothing behind",
  () =>
    withServices(async ({ namespace, counters }) => {
      assertStringIncludes(namespace.run(...CLIENT, "many", OURS, "7", "2000"), "done");
      const { tcp } = await untilQuiet(counters);
      assertEquals([tcp!.passiveOpens, tcp!.connections, tcp!.timeWait, tcp!.backlogFull], [2000, 0, 0, 0]);
    }),
);

testWith(
  NEEDS,
  "services: a client that is killed in the middle of a transfer leaves nothing behind",
  () =>
    withServices(async ({ namespace, counters }) => {
      const reader = namespace.spawn(...CLIENT, "stall", OURS, "19");
      await reader.line(/^stalled/);
      const writer = namespace.spawn(...CLIENT, "flood", OURS, "7");
      // The echo stops reading once it cannot write: what was taken is what the two buffers and the kernel's hold.
      const [, taken] = (await writer.line(/^stuck (\d+)/)).map(Number);
      assertLess(taken!, 32 * 1024 * 1024);
      assertEquals((await counters()).tcp!.connections, 2);
      await Promise.all([reader.stop("SIGKILL"), writer.stop("SIGKILL")]);
      const { tcp } = await untilQuiet(counters);
      assertEquals(tcp!.connections, 0);
      // And others are served as before.
      assertStringIncludes(namespace.run(...CLIENT, "many", OURS, "7", "10"), "done");
    }),
);

testWith(
  NEEDS,
  "services: no processor time while nothing happens, a clean end on Ctrl-C",
  () =>
    withServices(async ({ program }) => {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const before = program.cpu();
      await new Promise((resolve) => setTimeout(resolve, 2000));
      assertLess(program.cpu() - before, 0.1);
      assertEquals(await program.stop("SIGINT"), 0);
    }),
);
