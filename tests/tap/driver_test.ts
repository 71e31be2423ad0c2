import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { test } from "node:test";
import { tap } from "../../drivers/tap.ts";
import { tun } from "../../drivers/tun.ts";
import { testWith } from "../needs.ts";
import { inNamespace, type Namespace, NEEDS, type Outcome, ROOT, runtime } from "./namespace.ts";

const SCENARIOS = "tests/tap/driver_scenarios.ts";

function scenario(namespace: Namespace, name: string, ...wrapper: string[]): Outcome {
  return namespace.try([...wrapper, ...runtime(), SCENARIOS, name]);
}

function mustPass(outcome: Outcome): void {
  assertEquals(outcome.status, 0, `${outcome.stdout}\n${outcome.stderr}`);
}

for (
  const [name, what] of Object.entries({
    tap: "a TAP device carries frames to and from the kernel",
    tun: "a TUN device carries bare IP packets to and from the kernel",
    mtu: "the MTU is set on the link; larger packets are counted and dropped",
    names: "names, patterns, devices in use and of another kind",
    persistent: "persistent and pre-made devices, addresses that are there already",
    deleted: "a device that is deleted is reported, and neither throws nor spins",
    down: "a link that is switched off loses packets, counted, until it is on again",
    wakes: "no wake-up is lost",
    idle: "waiting takes no processor time, and the process ends after close",
    exit: "the process may exit during a wait",
  })
) {
  testWith(NEEDS, `tap: ${what}`, () => inNamespace((namespace) => mustPass(scenario(namespace, name))));
}

testWith(
  [...NEEDS, "setpriv"],
  "tap: a device made ready for a user works without rights",
  () =>
    inNamespace((namespace) => {
      namespace.run("ip", "tuntap", "add", "dev", "bt0", "mode", "tap", "user", "0");
      namespace.run("ip", "address", "add", "10.9.0.1/24", "dev", "bt0");
      namespace.run("ip", "link", "set", "bt0", "up");
      namespace.run("ip", "tuntap", "add", "dev", "bt1", "mode", "tap", "user", "12345");
      mustPass(scenario(namespace, "unprivileged", "setpriv", "--bounding-set=-net_admin"));
    }),
);

// `ip netns exec` gives the program its own view of the file system, so that a mount is seen by nobody else.
testWith(
  [...NEEDS, "setpriv"],
  "tap: /dev/net/tun that may not be opened, or is not there",
  () =>
    inNamespace((namespace) => {
      const inside = (script: string): string[] => ["sh", "-ec", `${script}; exec "$@"`, "sh"];
      mustPass(scenario(namespace, "missing", ...inside("mount -t tmpfs none /dev/net")));
      mustPass(scenario(
        namespace,
        "forbidden",
        ...inside("mount -t tmpfs none /dev/net; mknod -m 0600 /dev/net/tun c 10 200; chown 12345 /dev/net/tun"),
        "setpriv",
        "--bounding-set=-dac_override,-dac_read_search",
      ));
    }),
);

testWith(
  NEEDS,
  "tap: a wait keeps the process alive until the device is closed",
  () =>
    inNamespace(async (namespace) => {
      const program = namespace.start([SCENARIOS, "alive"]);
      await program.line(/^ready$/);
      await new Promise((resolve) => setTimeout(resolve, 500));
      namespace.run("ping", "-c", "1", "-W", "2", "10.9.0.2");
      await program.line(/^answered$/);
      assertEquals(await program.ended, 0);
    }),
);

testWith(["deno"], "tap: Deno without --allow-ffi says what is missing", () => {
  // Not by node:child_process, which starts Deno with all rights.
  const { stdout, stderr } = new Deno.Command(process.execPath, {
    args: ["run", "--no-prompt", "--quiet", "tests/tap/no_ffi.ts"],
    cwd: ROOT,
  }).outputSync();
  assertEquals(
    new TextDecoder().decode(stdout),
    "EACCES Cannot open bt0: Deno may not call the C library; run it with --allow-ffi\n",
    new TextDecoder().decode(stderr),
  );
});

test("tap and tun refuse bad names and options before they touch the system", () => {
  for (const name of ["", "abcdefghijklmnop", "a/b", "a b", "a:b", ".", "..", "a%s", "%d%d", "éééééééé"]) {
    assertThrows(() => tap(name), RangeError, "tap(): ");
    assertThrows(() => tun(name), RangeError, "tun(): ");
  }
  assertThrows(() => tap(5 as unknown as string), TypeError, 'the name must be a string such as "tap0"');
  assertThrows(() => tap("t0", { mtu: 67 }), RangeError, '"mtu"');
  assertThrows(() => tap("t0", { mtu: "9000" as unknown as number }), TypeError, '"mtu"');
  assertThrows(() => tap("t0", { speed: 1 } as object), TypeError, 'there is no option "speed"');
});

testWith(NEEDS, "a program's missing line is told, with what it said", () =>
  inNamespace(async (namespace) => {
    const program = namespace.spawn("sh", "-c", "echo hello; exit 3");
    const error = await assertRejects(() => program.line(/never/), Error, "hello");
    assert(error.message.includes("ended"));
    assertEquals(await program.ended, 3);
  }));
