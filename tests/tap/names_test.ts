import { assert, assertEquals, assertMatch } from "@std/assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { testWith } from "../needs.ts";
import { inNamespace, type Namespace, NEEDS, type Program } from "./namespace.ts";

const KERNEL = "10.9.0.1";

/** A namespace with a TAP device that no program holds yet. */
function withTap(address: string | null, body: (namespace: Namespace, folder: string) => Promise<void>): Promise<void> {
  return inNamespace(async (namespace) => {
    const folder = mkdtempSync(join(tmpdir(), "names-"));
    try {
      namespace.run("ip", "tuntap", "add", "dev", "tap0", "mode", "tap");
      if (address) namespace.run("ip", "address", "add", `${address}/24`, "dev", "tap0");
      namespace.run("ip", "link", "set", "tap0", "up");
      await body(namespace, folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

/** Debian's dnsmasq on the TAP device. */
async function dnsmasq(namespace: Namespace, folder: string, ...options: string[]): Promise<Program> {
  const program = namespace.spawn(
    "sh",
    "-c",
    `exec dnsmasq "$@" 2>&1`,
    "dnsmasq",
    ...[
      "--no-daemon",
      "--conf-file=/dev/null",
      "--no-resolv",
      "--no-hosts",
      "--user=root",
      "--group=root",
      "--pid-file=",
    ],
    ...[`--dhcp-leasefile=${folder}/leases`, "--bind-dynamic", "--interface=tap0", "--log-dhcp", "--log-facility=-"],
    ...["--dhcp-authoritative", "--no-ping", ...options],
  );
  // Its sockets come after what it calls its start.
  await program.line(/cleared cache/);
  return program;
}

/** Sends SIGUSR1. In Deno a child process takes one `kill` only, whatever its signal. */
function nudge(program: Program): void {
  process.kill(program.pid, "SIGUSR1");
}

/** What a client printed for a command. */
async function said(program: Program, command: string): Promise<unknown> {
  const [line] = await program.line(
    new RegExp(`^\\{${JSON.stringify(command).replace(/[.*+?^$()[\]{}|\\]/g, "\\$&")}:.*`),
    40_000,
  );
  return JSON.parse(line)[command];
}

async function ended(program: Program): Promise<Record<string, Record<string, number>>> {
  assertEquals(await program.stop("SIGTERM"), 0, program.said());
  return JSON.parse(/^\{"loop":.*$/m.exec(program.stdout)![0]);
}

const RANGE = "--dhcp-range=10.9.0.100,10.9.0.120,255.255.255.0,10m";

testWith(
  [...NEEDS, "dnsmasq"],
  "dnsmasq gives us a lease, renews it, takes it back, and answers for names",
  () =>
    withTap(KERNEL, async (namespace, folder) => {
      const chain = Array.from({ length: 64 }, (_, i) => `--cname=a${i}.example,a${i + 1}.example`);
      const zone = [
        "--host-record=one.example,192.0.2.1",
        "--host-record=kernel.example,10.9.0.1",
        "--host-record=a64.example,192.0.2.64",
        "--cname=alias.example,one.example",
        "--mx-host=example,mail.example,5",
        "--txt-record=txt.example,hello,world",
        "--srv-host=_ldap._tcp.example,one.example,389,1,2",
        "--local=/example/",
        ...Array.from({ length: 150 }, (_, i) => `--host-record=big.example,10.1.0.${i}`),
      ];
      const options = ["--dhcp-option=option:mtu,1400", "--dhcp-option=option:domain-search,example,home.example"];
      const first = await dnsmasq(namespace, folder, RANGE, ...options, ...zone, ...chain);
      const listener = namespace.spawn("socat", "TCP-LISTEN:7777,reuseaddr", "PIPE");
      const client = namespace.start([
        "tests/tap/names.ts",
        "client",
        ...["lookup:one.example", "lookup:one", "lookup:alias.example", "lookup:big.example", "lookup:none.example"],
        ...["lookup:a0.example", "resolve:example:MX", "resolve:txt.example:TXT", "resolve:_ldap._tcp.example:SRV"],
        ...[
          "connect:kernel.example:7777",
          "ping:kernel.example:56",
          "ping:10.9.0.1:5000",
          "trace:kernel",
          "mtu:kernel",
        ],
      ]);
      const lease = JSON.parse((await client.line(/^\{"lease":".*/, 30_000))[0]);
      assertMatch(lease.lease, /^10\.9\.0\.1[012]\d$/);
      assertEquals([lease.servers, lease.search, lease.mtu, lease.seconds], [
        [KERNEL],
        ["example", "home.example"],
        1400,
        600,
      ]);
      assertMatch(first.stdout, /DHCPACK\(tap0\) 10\.9\.0\.1\d\d 02:00:00:00:77:01 bonsai/);
      assertEquals(await said(client, "lookup:one.example"), ["192.0.2.1"]);
      assertEquals(await said(client, "lookup:one"), ["192.0.2.1"]);
      assertEquals(await said(client, "lookup:alias.example"), ["192.0.2.1"]);
      assertEquals((await said(client, "lookup:big.example") as string[]).length, 150);
      assertMatch(await said(client, "lookup:none.example") as string, /^ENOTFOUND: /);
      assertMatch(await said(client, "lookup:a0.example") as string, /^EPROTO: .*more than 16 aliases/);
      assertEquals(await said(client, "resolve:example:MX"), [{ preference: 5, exchange: "mail.example" }]);
      assertEquals(await said(client, "resolve:txt.example:TXT"), [["hello", "world"]]);
      assertEquals(await said(client, "resolve:_ldap._tcp.example:SRV"), [
        { priority: 1, weight: 2, port: 389, target: "one.example" },
      ]);
      assertEquals(await said(client, "connect:kernel.example:7777"), KERNEL);
      assertEquals(await said(client, "ping:kernel.example:56"), "3 of 3");
      assertEquals(await said(client, "ping:10.9.0.1:5000"), "3 of 3");
      assertEquals(await said(client, "trace:kernel"), [KERNEL]);
      assertEquals(await said(client, "mtu:kernel"), 1400);
      await client.line(/^"done"/);

      // Renewed at our wish, as at T1: to the server alone, which answers with an ACK.
      const before = first.stdout.length;
      nudge(client);
      for (let i = 0; i < 100 && !/DHCPACK/.test(first.stdout.slice(before)); i++) await delay(50);
      assertMatch(first.stdout.slice(before), /DHCPREQUEST\(tap0\) 10\.9\.0\.1\d\d/);
      assertMatch(first.stdout.slice(before), /DHCPACK\(tap0\) 10\.9\.0\.1\d\d/);

      // Another range, and no memory: the old address is refused with a NAK.
      await first.stop();
      rmSync(`${folder}/leases`, { force: true });
      const second = await dnsmasq(namespace, folder, "--dhcp-range=10.9.0.200,10.9.0.210,255.255.255.0,10m");
      nudge(client);
      await client.line(/^\{"lease":null/);
      await client.line(/^\{"lease":"10\.9\.0\.2[01]\d"/, 30_000);
      assertMatch(second.stdout, /DHCPNAK\(tap0\) 10\.9\.0\.1\d\d/);
      const counters = await ended(client);
      assertEquals(counters.dhcp!.refused, 1);
      assert(counters.dns!.overTcp! > 0);
      assertEquals(counters.loop!.faults, 0);
      for (let i = 0; i < 40 && !/DHCPRELEASE/.test(second.stdout); i++) await delay(50);
      assertMatch(second.stdout, /DHCPRELEASE\(tap0\) 10\.9\.0\.2/);
      await listener.stop();
    }),
);

testWith(
  [...NEEDS, "dnsmasq"],
  "an address that the kernel has already is declined",
  () =>
    withTap(KERNEL, async (namespace, folder) => {
      namespace.run("ip", "address", "add", "10.9.0.100/24", "dev", "tap0");
      const server = await dnsmasq(
        namespace,
        folder,
        ...["--dhcp-range=10.9.0.100,10.9.0.101,255.255.255.0,10m", "--dhcp-host=02:00:00:00:77:01,10.9.0.100"],
      );
      const client = namespace.start(["tests/tap/names.ts", "client"]);
      const lease = JSON.parse((await client.line(/^\{"lease":".*/, 40_000))[0]);
      assertEquals(lease.lease, "10.9.0.101");
      assertMatch(server.stdout, /DHCPACK\(tap0\) 10\.9\.0\.100[\s\S]*DHCPDECLINE\(tap0\) 10\.9\.0\.100/);
      await ended(client);
    }),
);

testWith(
  [...NEEDS, "udhcpc", "dig"],
  "our servers give udhcpc its lease, and dig its answers",
  () =>
    withTap(null, async (namespace, folder) => {
      const server = namespace.start(["tests/tap/names.ts", "server"]);
      await server.line(/^"ready"/);
      const script = join(folder, "script");
      // Debian's own script would change the machine's resolv.conf.
      writeFileSync(
        script,
        `#!/bin/sh
case "$1" in bound) ip address add "$ip/$mask" dev tap0;; esac
echo "$1 $ip $mask $router $dns $lease $search $mtu"
`,
        { mode: 0o755 },
      );
      const udhcpc = namespace.spawn(
        "udhcpc",
        "-f",
        "-i",
        "tap0",
        "-s",
        script,
        "-O",
        "search",
        "-O",
        "mtu",
        "-t",
        "5",
        "-T",
        "1",
        "-R",
      );
      await udhcpc.line(
        /^bound 10\.9\.0\.1\d\d (255\.255\.255\.0|24) 10\.9\.0\.2 10\.9\.0\.2 600 home\.example example\.? 1400$/,
      );
      assertMatch(namespace.run("ping", "-c", "2", "-i", "0.2", "10.9.0.2"), / 0% packet loss/);
      // SIGUSR1 renews.
      nudge(udhcpc);
      await udhcpc.line(/^renew 10\.9\.0\.1/);
      nudge(server);
      await server.line(/^\["10\.9\.0\.1\d\d"\]/);

      const dig = (...args: string[]): string => namespace.run("dig", "@10.9.0.2", "+tries=1", "+time=5", ...args);
      assertEquals(dig("+short", "www.home.example"), "web.home.example.\n10.9.0.2\n");
      assertEquals(dig("+short", "web.home.example", "AAAA"), "fd00::2\n");
      assertEquals(dig("+short", "home.example", "MX"), "10 web.home.example.\n");
      assertEquals(dig("+short", "txt.home.example", "TXT"), '"one two" "three"\n');
      assertEquals(dig("+short", "_http._tcp.home.example", "SRV"), "0 5 80 web.home.example.\n");
      const none = dig("none.home.example");
      assertMatch(none, /status: NXDOMAIN/);
      assertMatch(none, /flags: qr aa rd; QUERY: 1, ANSWER: 0, AUTHORITY: 1/);
      assertMatch(none, /home\.example\.\s+300\s+IN\s+SOA/);
      assertMatch(none, /EDNS: version: 0, flags:; udp: 1232/);
      assertMatch(dig("web.home.example", "NS"), /status: NOERROR[\s\S]*ANSWER: 0, AUTHORITY: 1/);
      assertMatch(dig("elsewhere.example"), /status: REFUSED/);
      assertMatch(dig("+ignore", "big.home.example"), /flags: qr aa tc rd/);
      const big = dig("big.home.example");
      assertMatch(big, /ANSWER: 200/);
      assertMatch(big, /\(TCP\)/);
      assertMatch(
        dig("+tcp", "+keepopen", "web.home.example", "www.home.example"),
        /status: NOERROR[\s\S]*status: NOERROR/,
      );
      // mDNS, as it answers askers from before it, once it knows that the name is its own.
      await delay(1500);
      assertEquals(dig("-p", "5353", "+short", "lamp.local"), "10.9.0.2\n");
      assertMatch(
        dig("-p", "5353", "_http._tcp.local", "PTR"),
        /PTR\s+Lamp\._http\._tcp\.local\.[\s\S]*SRV\s+0 0 80 lamp\.local\./,
      );
      // In good order: it gives its address back.
      await udhcpc.stop("SIGTERM");
      for (let i = 0; i < 40; i++) await delay(50);
      const counters = await ended(server);
      assertEquals(counters.loop!.faults, 0);
      assertEquals([counters.dhcpServer!.released, counters.dnsServer!.truncated], [1, 2]);
      assert(counters.dhcpServer!.acknowledged! >= 2);
    }),
);

testWith(
  [...NEEDS, "dhclient"],
  "our DHCP server gives dhclient its lease, renews it and takes it back",
  () =>
    withTap(null, async (namespace, folder) => {
      const server = namespace.start(["tests/tap/names.ts", "server"]);
      await server.line(/^"ready"/);
      const script = join(folder, "script");
      writeFileSync(
        script,
        `#!/bin/sh
case "$reason" in BOUND) ip address add "$new_ip_address/24" dev tap0;; esac
echo "$reason $new_ip_address $new_subnet_mask $new_routers $new_domain_name_servers $new_dhcp_lease_time $new_interface_mtu"
exit 0
`,
        { mode: 0o755 },
      );
      const files = ["-lf", join(folder, "leases"), "-pf", join(folder, "pid"), "-cf", join(folder, "conf")];
      writeFileSync(
        join(folder, "conf"),
        "request subnet-mask, routers, domain-name-servers, interface-mtu;\nsend dhcp-lease-time 600;\n",
      );
      const dhclient = namespace.spawn(
        "sh",
        "-c",
        `exec dhclient "$@" 2>&1`,
        "dhclient",
        "-d",
        "-sf",
        script,
        ...files,
        "tap0",
      );
      await dhclient.line(/^BOUND 10\.9\.0\.1\d\d 255\.255\.255\.0 10\.9\.0\.2 10\.9\.0\.2 600 1400$/);
      assertMatch(namespace.run("ping", "-c", "2", "-i", "0.2", "10.9.0.2"), / 0% packet loss/);
      await dhclient.stop("SIGKILL");
      // Started again, it asks for the same address at once (INIT-REBOOT).
      const again = namespace.spawn(
        "sh",
        "-c",
        `exec dhclient "$@" 2>&1`,
        "dhclient",
        "-d",
        "-sf",
        script,
        ...files,
        "tap0",
      );
      await again.line(/^REBOOT 10\.9\.0\.1\d\d /);
      await again.stop("SIGKILL");
      namespace.run("dhclient", "-r", "-sf", script, ...files, "tap0");
      for (let i = 0; i < 20; i++) await delay(50);
      const counters = await ended(server);
      assertEquals([counters.loop!.faults, counters.dhcpServer!.released, counters.dhcpServer!.refused], [0, 1, 0]);
      assertEquals(counters.dhcpServer!.acknowledged, 2);
    }),
);

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
