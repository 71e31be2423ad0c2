import { assertEquals, assertMatch } from "@std/assert";
import { runtime } from "./namespace.ts";
import { testWith } from "../needs.ts";
import { inNamespace, type Namespace, NEEDS, type Outcome } from "./namespace.ts";

/** What a command of the tree does on TAP, its host side the router 10.9.0.1. */
function command(namespace: Namespace, name: string, ...args: string[]): Outcome {
  const link = ["--driver", "tap", "--address", "10.9.0.2/24", "--host", "10.9.0.1/24", "--gateway", "10.9.0.1"];
  const link6 = ["--address6", "fd09::2/64", "--host6", "fd09::1/64"];
  return namespace.try([...runtime(), `cli/${name}.ts`, ...args, ...link, ...link6]);
}

testWith([...NEEDS], "ping asks the kernel, over both families, with any size", () =>
  inNamespace((namespace) => {
    // The kernel asks for a second whether its address is free.
    namespace.run("sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.default.dad_transmits=0");
    for (const host of ["10.9.0.1", "fd09::1"]) {
      for (const size of ["0", "1472", "65507"]) {
        const { status, stdout, stderr } = command(
          namespace,
          "ping",
          host,
          "--size",
          size,
          "--count",
          "2",
          "--interval",
          "10",
        );
        assertEquals([status, stderr], [0, ""], stdout);
        assertMatch(stdout, new RegExp(`^1: reply from ${host}, ttl 64, .*\n2: reply .*\n${host}: 2 of 2 came back`));
      }
    }
    const { status, stdout } = command(namespace, "ping", "10.9.0.9", "--count", "1", "--timeout", "200");
    assertEquals([status, stdout], [1, "1: 10.9.0.9 did not answer within 200 ms\n10.9.0.9: 0 of 1 came back\n"]);
    assertMatch(command(namespace, "ping").stderr, /^ping: say which host; see ping --help\n$/);
    assertMatch(
      command(namespace, "ping", "10.9.0.1", "--count", "x").stderr,
      /^ping: --count must be a number, not "x"/,
    );
  }));

testWith(
  [...NEEDS],
  "traceroute names the routers on the way, and finds its MTU",
  () =>
    inNamespace((near) =>
      inNamespace((middle) =>
        inNamespace((far) => {
          const join = (a: Namespace, b: Namespace, number: number, mtu: number): void => {
            const [left, right] = [`l${number}`, `r${number}`];
            a.run(
              "ip",
              "link",
              "add",
              left,
              "mtu",
              String(mtu),
              "type",
              "veth",
              "peer",
              "name",
              right,
              "mtu",
              String(mtu),
              "netns",
              b.name,
            );
            a.run("ip", "address", "add", `10.9.${number}.1/24`, "dev", left);
            b.run("ip", "address", "add", `10.9.${number}.2/24`, "dev", right);
            a.run("ip", "link", "set", left, "up");
            b.run("ip", "link", "set", right, "up");
          };
          join(near, middle, 1, 1500);
          join(middle, far, 2, 1280);
          for (const namespace of [near, middle]) namespace.run("sysctl", "-qw", "net.ipv4.ip_forward=1");
          near.run("ip", "route", "add", "10.9.2.0/24", "via", "10.9.1.2");
          middle.run("ip", "route", "add", "10.9.0.0/24", "via", "10.9.1.1");
          far.run("ip", "route", "add", "default", "via", "10.9.2.1");
          const { status, stdout, stderr } = command(near, "traceroute", "10.9.2.2", "--path-mtu", "--timeout", "3000");
          assertEquals([status, stderr], [0, ""], stdout);
          assertMatch(
            stdout,
            /^ 1 {2}10\.9\.0\.1 {2}.* ms\n 2 {2}10\.9\.1\.2 {2}.* ms\n 3 {2}10\.9\.2\.2 {2}.* ms\npath MTU 1280\n$/,
          );
          const none = command(near, "traceroute", "10.9.2.9", "--probes", "1", "--max-hops", "6", "--timeout", "4000");
          assertEquals(none.status, 1);
        })
      )
    ),
);
