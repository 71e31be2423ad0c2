// Debian's radvd configures our stack and the Linux kernel on one link; both make the same of it.

import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testWith } from "../needs.ts";
import { Namespace, NEEDS, type Program } from "./namespace.ts";

interface State {
  readonly addresses: readonly {
    readonly address: string;
    readonly temporary: boolean;
    readonly usable: boolean;
    readonly deprecated: boolean;
  }[];
  readonly source: string;
  readonly reachesFar: boolean;
  readonly mtu: number;
  readonly ttl: number;
  readonly retransmit: number;
  readonly names: { readonly servers: readonly string[]; readonly search: readonly string[] } | null;
}

/** A link with a router (the kernel, and radvd), another kernel as a host, and us. */
class Link {
  readonly router = new Namespace();
  readonly host = new Namespace();
  readonly #folder = mkdtempSync(join(tmpdir(), "bonsai-radvd-"));
  readonly #conf = join(this.#folder, "radvd.conf");

  constructor() {
    const { router, host } = this;
    router.run("ip", "link", "add", "br0", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0");
    router.run("ip", "tuntap", "add", "dev", "tap0", "mode", "tap");
    router.run("ip", "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", host.name);
    for (const port of ["tap0", "near"]) router.run("ip", "link", "set", port, "master", "br0", "up");
    router.run("sysctl", "-q", "-w", "net.ipv6.conf.all.forwarding=1");
    router.run("ip", "link", "set", "br0", "up");
    for (const prefix of [1, 2]) router.run("ip", "address", "add", `2001:db8:${prefix}::1/64`, "dev", "br0", "nodad");
    for (const setting of ["accept_ra=1", "use_tempaddr=2", "autoconf=1"]) {
      host.run("sysctl", "-q", "-w", `net.ipv6.conf.far.${setting}`);
    }
    host.run("ip", "link", "set", "far", "up");
  }

  /** Lets radvd tell of prefixes, each with its lifetimes in seconds. */
  configure(prefixes: string, options = "AdvDefaultLifetime 600;"): void {
    writeFileSync(
      this.#conf,
      `interface br0 {
        AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; ${options}
        AdvLinkMTU 1400; AdvCurHopLimit 33; AdvRetransTimer 700;
        ${prefixes}
        RDNSS 2001:db8:1::1 2001:db8:2::1 { AdvRDNSSLifetime 300; };
        DNSSL example.test a.example { AdvDNSSLLifetime 300; };
      };`,
    );
  }

  radvd(): Program {
    return this.router.spawn("radvd", "-n", "-C", this.#conf, "-p", join(this.#folder, "pid"), "-m", "stderr");
  }

  /** What the kernel made of the advertisements: prefix, temporary or not, deprecated or not. */
  kernel(): string[] {
    const links = JSON.parse(this.host.run("ip", "-j", "-6", "address", "show", "dev", "far", "scope", "global"));
    return (links as { addr_info?: { local: string; temporary?: boolean; deprecated?: boolean }[] }[])
      // An address of another scope leaves an empty object there.
      .flatMap(({ addr_info = [] }) => addr_info.filter(({ local }) => local))
      .map(({ local, temporary = false, deprecated = false }) => line(local, temporary, deprecated)).sort();
  }

  /** The kernel's default route. */
  route(): string {
    return this.host.run("ip", "-6", "route", "show", "default", "dev", "far");
  }

  async remove(): Promise<void> {
    await this.host.remove();
    await this.router.remove();
    rmSync(this.#folder, { recursive: true });
  }
}

function line(address: string, temporary: boolean, deprecated: boolean): string {
  return `${address.split(":").slice(0, 3).join(":")} ${temporary ? "temporary" : "stable"}${
    deprecated ? " deprecated" : ""
  }`;
}

function summary({ addresses }: State): string[] {
  return addresses.map(({ address, temporary, deprecated }) => line(address, temporary, deprecated)).sort();
}

/** Waits until what a program printed last is as wanted. */
async function state(program: Program, wanted: (state: State) => boolean): Promise<State> {
  for (let i = 0; i < 400; i++) {
    const last = program.stdout.trimEnd().split("\n").at(-1);
    if (last) {
      const now: State = JSON.parse(last);
      if (wanted(now)) return now;
    }
    assert(!program.over, program.said());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`It never came to that: ${program.said()}`);
}

async function until(condition: () => boolean, what: () => unknown): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`It never came to that: ${JSON.stringify(what())}`);
}

const ONE = "prefix 2001:db8:1::/64 { AdvValidLifetime 3600; AdvPreferredLifetime 1800; };";
const ONE_DEPRECATED = "prefix 2001:db8:1::/64 { AdvValidLifetime 3600; AdvPreferredLifetime 0; };";
const TWO = "prefix 2001:db8:2::/64 { AdvValidLifetime 3600; AdvPreferredLifetime 1800; DeprecatePrefix on; };";

testWith(
  [...NEEDS, "radvd", "ping"],
  "radvd: addresses, MTU, resolvers; another prefix; lifetimes that end: as the kernel beside us",
  async () => {
    const link = new Link();
    try {
      link.configure(ONE);
      const radvd = link.radvd();
      const ours = link.router.start(["tests/tap/radvd.ts"]);

      // A stable and a temporary address, and what else a router says (RFC 4861, 6.3.4; RFC 4862, 5.5; RFC 8981; RFC 8106).
      const first = await state(
        ours,
        ({ addresses }) => addresses.length === 2 && addresses.every((own) => own.usable),
      );
      assertEquals(summary(first), ["2001:db8:1 stable", "2001:db8:1 temporary"]);
      await until(() => link.kernel().length === 2, () => link.kernel());
      assertEquals(link.kernel(), summary(first));
      assertEquals([first.mtu, first.ttl, first.retransmit, first.reachesFar], [1400, 33, 700, true]);
      assert(/hoplimit 33/.test(link.route()) && /mtu 1400/.test(link.route()), link.route());
      assertEquals(first.names, {
        servers: ["2001:db8:1::1", "2001:db8:2::1"],
        search: ["example.test", "a.example"],
      });
      const [stable, temporary] = [...first.addresses].sort((a, b) => +a.temporary - +b.temporary);
      assertEquals(first.source, temporary!.address);
      for (const { address } of first.addresses) {
        link.host.run("ping", "-6", "-c", "2", "-i", "0.1", "-W", "2", "-s", "3000", address);
      }

      // The prefix of one day gives way to that of the next: what was made of it serves on, and begins nothing new.
      link.configure(ONE_DEPRECATED + TWO);
      radvd.signal("SIGHUP");
      const second = await state(
        ours,
        ({ addresses }) =>
          addresses.length === 4 &&
          addresses.every((own) => own.usable && own.deprecated === own.address.startsWith("2001:db8:1:")),
      );
      await until(() => `${link.kernel()}` === `${summary(second)}`, () => [link.kernel(), summary(second)]);
      assert(second.source.startsWith("2001:db8:2:"), second.source);
      link.host.run("ping", "-6", "-c", "1", "-W", "2", stable!.address);

      // A router that goes says so: no way out, no resolvers, and nothing new from its prefix. Nobody can end an address
      // within two hours (RFC 4862, 5.5.3 (e)).
      assertEquals(await radvd.stop("SIGTERM"), 0, radvd.said());
      const last = await state(
        ours,
        ({ reachesFar, addresses }) => !reachesFar && addresses.every((own) => own.deprecated),
      );
      await until(() => `${link.kernel()}` === `${summary(last)}`, () => [link.kernel(), summary(last)]);
      assertEquals(link.route(), "");
      assertEquals([last.addresses.length, last.names], [4, null]);
      for (const { address } of last.addresses) link.host.run("ping", "-6", "-c", "1", "-W", "2", address);

      // A host that comes back has the same stable address and another temporary one (RFC 7217; RFC 8981).
      await ours.stop();
      link.configure(ONE);
      link.radvd();
      const again = link.router.start(["tests/tap/radvd.ts"]);
      const back = await state(
        again,
        ({ addresses }) => addresses.length === 2 && addresses.every((own) => own.usable),
      );
      assertEquals(back.addresses.find((own) => !own.temporary)!.address, stable!.address);
      assert(back.addresses.find((own) => own.temporary)!.address !== temporary!.address);
      assertEquals(await again.stop(), 0, again.said());
    } finally {
      await link.remove();
    }
  },
);

testWith(
  [...NEEDS, "radvd"],
  "radvd: a prefix for routing alone makes no address, one off the link no route; no lifetime, no router",
  async () => {
    const link = new Link();
    try {
      link.configure(
        "prefix 2001:db8:1::/64 { AdvAutonomous off; }; prefix 2001:db8:2::/64 { AdvOnLink off; };",
        "AdvDefaultLifetime 0;",
      );
      link.radvd();
      const ours = link.router.start(["tests/tap/radvd.ts"]);
      const now = await state(ours, ({ addresses }) => addresses.length === 2 && addresses.every((own) => own.usable));
      assertEquals(summary(now), ["2001:db8:2 stable", "2001:db8:2 temporary"]);
      assertEquals(now.reachesFar, false);
      await until(() => link.kernel().length === 2, () => link.kernel());
      assertEquals([link.kernel(), link.route()], [summary(now), ""]);
      assertEquals(await ours.stop(), 0, ours.said());
    } finally {
      await link.remove();
    }
  },
);
