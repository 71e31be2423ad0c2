import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { testWith } from "../needs.ts";
import { inNamespace, type Namespace, NEEDS, type Program, runtime } from "../tap/namespace.ts";

const OURS = "fd09::2";
const THEIRS = "fd09::1";
const CLIENT = [...runtime(), "tests/tap/kernel_client.ts"];

type Counters = Record<string, Record<string, number>>;

interface Services {
  readonly namespace: Namespace;
  readonly program: Program;
  readonly device: string;
  counters(): Promise<Counters>;
}

/** Starts the services with both families, and waits until the kernel has its address. */
function withServices(body: (services: Services) => Promise<void> | void, driver: "tap" | "tun"): Promise<void> {
  return inNamespace(async (namespace) => {
    const device = `${driver}0`;
    const program = namespace.start([
      ...["cli/services.ts", "--driver", driver, "--address", "10.9.0.2/24", "--host", "10.9.0.1/24"],
      ...["--address6", `${OURS}/64`, "--host6", `${THEIRS}/64`],
    ]);
    await program.line(/^ready/);
    await until(() => namespace.run("ip", "-6", "addr", "show", "dev", device, "tentative") === "");
    const counters = async (): Promise<Counters> => {
      const seen = program.stdout.split("\n").length;
      program.signal("SIGUSR2");
      await until(() => program.stdout.split("\n").length > seen);
      return JSON.parse(program.stdout.split("\n").at(-2)!);
    };
    await body({ namespace, program, device, counters });
    assertEquals((await counters()).loop!.faults, 0, program.said());
    assertEquals(await program.stop("SIGTERM"), 0, program.said());
  });
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`Waited in vain for ${condition}`);
}

function shell(namespace: Namespace, script: string): string {
  return namespace.run("bash", "-euo", "pipefail", "-c", script);
}

for (const driver of ["tap", "tun"] as const) {
  testWith(
    [...NEEDS, "ping"],
    `the kernel's ping -6 over ${driver}: nothing is lost, from 0 to 65,507 bytes`,
    () =>
      withServices(async ({ namespace, counters }) => {
        for (const size of [0, 56, 1452, 1453, 8000, 65_507]) {
          const out = namespace.run("ping", "-6", "-q", "-c", "20", "-i", "0.02", "-W", "2", "-s", String(size), OURS);
          assertMatch(out, /20 packets transmitted, 20 received, 0% packet loss/, `-s ${size}`);
        }
        const { fragments6, icmpv6 } = await counters();
        assertEquals([icmpv6!.replies, fragments6!.reassembled, fragments6!.timeouts], [120, 60, 0]);
      }, driver),
  );
}

testWith(
  [...NEEDS, "nc", "sha256sum"],
  "the kernel's TCP over IPv6: 20 MB are echoed byte for byte",
  () =>
    withServices(({ namespace }) => {
      const out = shell(
        namespace,
        `file=$(mktemp); trap 'rm -f $file' EXIT; head -c 20000000 /dev/urandom > $file
       nc -6 -N ${OURS} 7 < $file | sha256sum; sha256sum < $file`,
      );
      const [back, sent] = out.split("\n");
      assertEquals(back, sent);
    }, "tap"),
);

testWith(
  NEEDS,
  "the kernel's TCP over IPv6: many connections, and a closed port",
  () =>
    withServices(async ({ namespace, counters }) => {
      assertStringIncludes(namespace.run(...CLIENT, "many", OURS, "7", "200"), "done");
      assertEquals(namespace.run(...CLIENT, "fail", OURS, "4444").split(" ")[0], "ECONNREFUSED");
      assertEquals((await counters()).tcp!.passiveOpens, 200);
    }, "tap"),
);

testWith([...NEEDS, "curl"], "the kernel's HTTP over IPv6", () =>
  withServices(({ namespace }) => {
    assertEquals(namespace.run("curl", "-s", "-g", `http://[${OURS}]/`), "bonsai\n");
  }, "tap"));

testWith(
  [...NEEDS, "socat"],
  "the kernel's UDP over IPv6: every length up to 65,507 bytes comes back",
  () =>
    withServices(({ namespace }) => {
      for (const size of [1, 1452, 1453, 9000, 65_507]) {
        const out = shell(
          namespace,
          `head -c ${size} /dev/zero | tr '\\0' x | socat -b 70000 -t 0.5 - UDP6:[${OURS}]:7,rcvbuf=1000000 | tr -d '\\n' | wc -c`,
        );
        assertEquals(Number(out), size);
      }
    }, "tap"),
);

testWith(
  [...NEEDS, "ping"],
  "neighbours are discovered both ways, on the link's addresses too, and kept",
  () =>
    withServices(async ({ namespace, device, counters }) => {
      namespace.run("ping", "-6", "-c", "1", "-W", "2", OURS);
      assertMatch(namespace.run("ip", "-6", "neigh", "show", OURS, "dev", device), /lladdr .* (REACHABLE|DELAY|STALE)/);
      // Everybody on the link is asked: our link-local address answers.
      const all = namespace.run("ping", "-6", "-w", "2", "-i", "0.3", `ff02::1%${device}`);
      const linkLocal = [...all.matchAll(/from (fe80::[\da-f:]+)%?/g)].map(([, address]) => address!);
      const kernel = /inet6 (fe80::[\da-f:]+)/.exec(namespace.run("ip", "-6", "addr", "show", "dev", device))![1]!;
      const ours = linkLocal.find((address) => address.replace(/:$/, "") !== kernel)!.replace(/:$/, "");
      assertMatch(namespace.run("ping", "-6", "-c", "1", "-W", "2", `${ours}%${device}`), / 0% packet loss/);
      // The kernel forgets us, and asks again; so do we.
      namespace.run("ip", "-6", "neigh", "flush", "dev", device);
      assertMatch(namespace.run("ping", "-6", "-c", "1", "-W", "2", OURS), / 0% packet loss/);
      const { ndp } = await counters();
      assert(ndp!.solicitations! > 0 && ndp!.advertisements! > 0, JSON.stringify(ndp));
      assertEquals([ndp!.malformed, ndp!.conflicts], [0, 0]);
    }, "tap"),
);

testWith(
  [...NEEDS, "ping"],
  "an address that the kernel has already is not taken",
  () =>
    inNamespace(async (namespace) => {
      const program = namespace.start([
        ...["cli/services.ts", "--driver", "tap", "--address", "10.9.0.2/24", "--host", "10.9.0.1/24"],
        ...["--address6", `${THEIRS}/64`, "--host6", `${THEIRS}/64`],
      ]);
      await program.line(/^ready/);
      await new Promise((resolve) => setTimeout(resolve, 2500));
      program.signal("SIGUSR2");
      await program.line(/"ndp"/);
      const { ndp } = JSON.parse(program.stdout.split("\n").find((line) => line.includes('"ndp"'))!) as Counters;
      assertEquals(ndp!.conflicts! > 0, true, JSON.stringify(ndp));
      assertEquals(await program.stop("SIGTERM"), 0, program.said());
    }),
);
