import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testWith } from "../needs.ts";
import { inNamespace, type Namespace, NEEDS, type Program } from "../tap/namespace.ts";
import { command } from "./program.ts";

const ADDRESSES = ["--address", "10.7.0.2/24", "--host", "10.7.0.1/24"];

/** Serves over a device in a namespace of its own, and ends in good order after the test. */
function overDevice(
  args: readonly string[],
  test: (namespace: Namespace, program: Program) => Promise<void> | void,
): Promise<void> {
  return inNamespace(async (namespace) => {
    const program = namespace.spawn(...command(), ...args);
    await program.line(/^Ctrl-C ends it$/);
    await test(namespace, program);
    assertEquals(await program.stop("SIGINT"), 0, program.said());
    assertEquals(program.stderr, "");
  });
}

for (const driver of ["tap", "tun"] as const) {
  testWith(
    [...NEEDS, "curl", "ping"],
    `start: the kernel's clients over ${driver} get the page and their own packets`,
    () =>
      overDevice(["--driver", driver, "--name", `${driver}7`, ...ADDRESSES], async (namespace, program) => {
        assertMatch(program.stdout, /^Open http:\/\/10\.7\.0\.2\/$/m);
        assertMatch(namespace.run("ping", "-c", "3", "-i", "0.05", "10.7.0.2"), / 0% packet loss/);
        const html = namespace.run("curl", "-sS", "-H", "accept: text/html", "http://10.7.0.2/");
        for (const text of ["SYN-ACK", "200 OK", `${driver}7`, "</html>"]) assertStringIncludes(html, text);
        const connection = JSON.parse(namespace.run("curl", "-sS", "http://10.7.0.2/api/connection"));
        assertEquals(connection.remote.hostname, "10.7.0.1");
        const labels = connection.packets.map(({ label }: { label: string }) => label).join();
        assertMatch(labels, /SYN,SYN-ACK,ACK,GET \/api\/connection/);
        await program.line(/^10\.7\.0\.1:\d+ → 10\.7\.0\.2:80$/);
        // The frame and the checksums are the kernel's own judgement.
        const echo = "head -c 5000000 /dev/urandom > /dev/shm/$$; trap 'rm /dev/shm/$$' EXIT; " +
          "curl -sS --data-binary @/dev/shm/$$ http://10.7.0.2/echo | cmp - /dev/shm/$$ && echo same";
        assertEquals(namespace.run("bash", "-c", echo), "same\n");
      }),
  );
}

testWith(
  [...NEEDS, "curl"],
  "start: the kernel's clients over IPv6 get the page and their own packets",
  () =>
    overDevice(
      ["--driver", "tap", ...ADDRESSES, "--address6", "fd07::2/64", "--host6", "fd07::1/64"],
      async (namespace, program) => {
        assertMatch(program.stdout, /^Open http:\/\/10\.7\.0\.2\/ or http:\/\/\[fd07::2\]\/$/m);
        // Both ends take a second or two to make sure that nobody else has their address.
        const curl = [
          "curl",
          "-sS",
          "--connect-timeout",
          "1",
          "--retry",
          "20",
          "--retry-all-errors",
          "--retry-delay",
          "1",
        ];
        const text = namespace.run(...curl, "http://[fd07::2]/");
        assertMatch(text, /The packets between \[fd07::1\]:\d+ and \[fd07::2\]:80 up to this answer/);
        assertMatch(text, /--> +SYN [^]*<-- +SYN-ACK [^]*--> GET \//);
        await program.line(/^\[fd07::1\]:\d+ → \[fd07::2\]:80$/);
      },
    ),
);

testWith([...NEEDS, "tshark", "curl"], "start: the capture of a device has every checksum good", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bonsai-device-"));
  try {
    const file = join(folder, "tap.pcapng");
    await overDevice(["--driver", "tap", "--port", "8080", "--capture", file, ...ADDRESSES], (namespace) => {
      assertStringIncludes(namespace.run("curl", "-sS", "http://10.7.0.2:8080/"), "through the device tap0");
    });
    const { stdout } = spawnSync(
      "tshark",
      [
        "-r",
        file,
        "-o",
        "tcp.check_checksum:TRUE",
        "-o",
        "ip.check_checksum:TRUE",
        "-T",
        "fields",
        "-e",
        "tcp.checksum.status",
      ],
      { encoding: "utf8" },
    );
    const states = stdout.split("\n").filter((line) => line.length === 1);
    assertEquals([...new Set(states)], ["1"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

testWith(
  NEEDS,
  "start: a device that somebody deletes ends it with 1, in one sentence",
  () =>
    inNamespace(async (namespace) => {
      const program = namespace.spawn(...command(), "--driver", "tap", "--name", "tap7", ...ADDRESSES);
      await program.line(/^Ctrl-C ends it$/);
      namespace.run("ip", "link", "delete", "tap7");
      const timer = setTimeout(() => program.child.kill("SIGKILL"), 10_000);
      assertEquals(await program.ended, 1);
      clearTimeout(timer);
      assertEquals(program.stderr, "start: tap7 is lost: somebody deleted it\n");
    }),
);

/** Root without the right to make devices. */
const WEAK = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"];

testWith(
  [...NEEDS, "setpriv"],
  "start: without the right it names the command that grants it",
  () =>
    inNamespace((namespace) => {
      const { status, stderr } = namespace.try(
        [...WEAK, ...command(), "--driver", "tap", "--name", "tap7", ...ADDRESSES],
      );
      assertEquals(status, 1, stderr);
      assertMatch(
        stderr.trim(),
        /^start: Cannot open tap7: .*; grant it with: sudo ip tuntap add dev tap7 mode tap user \$USER$/,
      );
    }),
);
