import { assertEquals } from "@std/assert";
import { testWith } from "../needs.ts";
import { inNamespace, NEEDS } from "./namespace.ts";

testWith(
  [...NEEDS, "dnsmasq"],
  "dnsmasq tells us servers and domains by DHCPv6, and the resolver asks there",
  () =>
    inNamespace(async (namespace) => {
      namespace.run("ip", "tuntap", "add", "dev", "tap0", "mode", "tap");
      namespace.run("ip", "link", "set", "tap0", "up");
      namespace.run("ip", "address", "add", "2001:db8:9::1/64", "dev", "tap0", "nodad");
      const program = namespace.start(["tests/tap/dhcpv6.ts"]);
      namespace.spawn(
        ...["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--bind-dynamic", "--interface=tap0", "--enable-ra"],
        ...["--dhcp-range=2001:db8:9::,ra-stateless,64,1h", "--ra-param=tap0,5,600", "--leasefile-ro", "--user=root"],
        ...["--dhcp-option=option6:dns-server,[2001:db8:9::1]", "--dhcp-option=option6:domain-search,example,a.test"],
        ...["--no-resolv", "--no-hosts", "--pid-file=", "--host-record=one.example,2001:db8::7"],
      );
      const line = async (key: string): Promise<unknown> =>
        JSON.parse((await program.line(new RegExp(`^\\{"${key}".*`), 40_000))[0])[key];
      assertEquals(await line("told"), { servers: ["2001:db8:9::1"], search: ["example", "a.test"] });
      assertEquals(await line("found"), ["2001:db8::7"]);
      await program.line(/"dhcpv6":\{"requests":\d+,"replies":1,/);
      await program.stop();
    }),
);
