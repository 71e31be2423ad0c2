import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { testWith } from "../needs.ts";
import { inNamespace, Namespace, NEEDS, type Program, runtime } from "../tap/namespace.ts";

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
      namespace.run("ip", "tuntap", "add", "tap0", "mode", "tap");
      namespace.run("ip", "link", "set", "tap0", "up");
      namespace.run("ip", "addr", "add", "10.9.0.1/24", "dev", "tap0");
      namespace.run("ip", "addr", "add", `${THEIRS}/64`, "dev", "tap0", "nodad");
      const program = namespace.start(["tests/tap/late_host.ts", "10.9.0.2", `${THEIRS}/64`]);
      const [line] = await program.line(/^{.*conflicts.*}$/, 60_000);
      const { conflicts, addresses } = JSON.parse(line) as { conflicts: number; addresses: string[] };
      assert(conflicts > 0, line);
      assert(addresses.length > 0 && !addresses.includes(THEIRS), line);
      assertEquals(await program.ended, 0, program.said());
    }),
);

testWith(
  [...NEEDS, "dnsmasq", "ping"],
  "an address, a router and a resolver come from dnsmasq's router advertisements",
  () =>
    inNamespace(async (namespace) => {
      const program = namespace.start([
        ...["cli/services.ts", "--driver", "tap", "--address", "10.9.0.2/24", "--host", "10.9.0.1/24"],
        ...["--address6", "auto", "--host6", "2001:db8:9::1/64"],
      ]);
      await program.line(/^ready/);
      await until(() => namespace.run("ip", "-6", "addr", "show", "dev", "tap0", "tentative") === "");
      namespace.run("sysctl", "-q", "-w", "net.ipv6.conf.all.forwarding=1");
      namespace.spawn(
        ...["dnsmasq", "--no-daemon", "--port=0", "--conf-file=/dev/null", "--interface=tap0", "--enable-ra"],
        ...["--dhcp-range=2001:db8:9::,ra-only,64,1h", "--ra-param=tap0,mtu:1400,high,5,600"],
        ...["--dhcp-option=option6:dns-server,[2001:db8:9::1]", "--leasefile-ro", "--user=root"],
      );
      let ours = "";
      for (let i = 0; i < 50 && !ours; i++) {
        // What the link's own address is asked by, answers with its own; a global one is answered by a global one.
        const { stdout } = namespace.try(["ping", "-6", "-w", "1", "-I", "2001:db8:9::1", "ff02::1%tap0"]);
        ours = /from (2001:db8:9:0?:?[\da-f:]*[\da-f])(?<!::1):? /.exec(stdout.replaceAll("2001:db8:9::1:", ""))?.[1] ??
          "";
      }
      assert(ours !== "", program.said());
      assertMatch(
        namespace.run("ping", "-6", "-c", "3", "-i", "0.1", "-W", "2", "-s", "3000", ours),
        / 0% packet loss/,
      );
      program.signal("SIGUSR2");
      await program.line(/"slaac"/);
      const { slaac, ndp } = JSON.parse(
        program.stdout.split("\n").find((line) => line.includes('"slaac"'))!,
      ) as Counters;
      assert(slaac!.advertisements! > 0 && ndp!.malformed === 0, JSON.stringify([slaac, ndp]));
      assertEquals(await program.stop("SIGTERM"), 0, program.said());
    }),
);

testWith(
  [...NEEDS, "socat"],
  "the MTU of a hop beyond the link falls in the middle of a transfer: it goes on (RFC 8201)",
  () =>
    inNamespace(async (namespace) => {
      const far = new Namespace();
      try {
        const program = namespace.start([
          ...["cli/services.ts", "--driver", "tap", "--address", "10.9.0.2/24", "--host", "10.9.0.1/24"],
          ...["--address6", `${OURS}/64`, "--host6", `${THEIRS}/64`, "--gateway6", THEIRS],
        ]);
        await program.line(/^ready/);
        namespace.run("ip", "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", far.name);
        namespace.run("ip", "addr", "add", "fd0a::1/64", "dev", "near", "nodad");
        namespace.run("ip", "link", "set", "near", "up");
        namespace.run("sysctl", "-q", "-w", "net.ipv6.conf.all.forwarding=1");
        far.run("ip", "addr", "add", "fd0a::2/64", "dev", "far", "nodad");
        far.run("ip", "link", "set", "far", "up");
        far.run("ip", "-6", "route", "add", "default", "via", "fd0a::1");
        await until(() => namespace.run("ip", "-6", "addr", "show", "dev", "tap0", "tentative") === "");
        const size = 500_000_000;
        const reader = far.spawn(
          "bash",
          "-c",
          `echo begun; socat -u TCP6:[${OURS}]:19 - | head -c ${size} | wc -c`,
        );
        await reader.line(/^begun/);
        await new Promise((resolve) => setTimeout(resolve, 200));
        namespace.run("ip", "link", "set", "near", "mtu", "1300");
        assertEquals(Number((await reader.line(/^\d+$/, 30_000))[0]), size);
        program.signal("SIGUSR2");
        await program.line(/"icmpv6"/);
        const { icmpv6 } = JSON.parse(
          program.stdout.split("\n").find((line) => line.includes('"icmpv6"'))!,
        ) as Counters;
        assert(icmpv6!.faults! > 0, JSON.stringify(icmpv6));
        // Echo replies as large as the link's MTU come in fragments now.
        far.run("ip", "link", "set", "far", "mtu", "1300");
        assertMatch(far.run("ping", "-6", "-c", "4", "-i", "0.2", "-W", "2", "-s", "1400", OURS), /[34] received/);
        assertEquals(await program.stop("SIGTERM"), 0, program.said());
      } finally {
        await far.remove();
      }
    }),
);
