import { assertEquals } from "@std/assert";
import { testWith } from "../needs.ts";
import { inNamespace, NEEDS } from "./namespace.ts";

testWith(
  NEEDS,
  "the kernel, a router, sends us to a better one; where that does not answer we come back",
  () =>
    inNamespace(async (namespace) => {
      namespace.run("ip", "tuntap", "add", "dev", "tap0", "mode", "tap");
      namespace.run("ip", "link", "set", "tap0", "up");
      namespace.run("ip", "address", "add", "10.9.0.1/24", "dev", "tap0");
      namespace.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.send_redirects=1");
      namespace.run("sysctl", "-q", "-w", "net.ipv4.conf.tap0.send_redirects=1");
      namespace.run("ip", "route", "add", "192.0.2.0/24", "via", "10.9.0.3");
      const program = namespace.start(["tests/tap/redirects.ts"]);
      await program.line(/^1: 10\.9\.0\.1$/);
      await program.line(/^2: 10\.9\.0\.3$/);
      // Nobody is there: after three questions the old way is taken, until the kernel says it again.
      await program.line(/^3: 10\.9\.0\.1$/);
      assertEquals(await program.stop(), 0, program.said());
      const { icmp, loop } = JSON.parse(/^\{.*$/m.exec(program.stdout)![0]);
      assertEquals([loop.faults, icmp.badRedirects, icmp.redirects > 0], [0, 0, true], program.said());
    }),
);
