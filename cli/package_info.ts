/**
 * The package, as deno.json describes it. `deno task exports` makes this module.
 *
 * @module
 */

// deno-fmt-ignore-file

/** What stands in deno.json. */
export interface PackageInfo {
  /** Its name. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** The path of each module that it exports, by its name. */
  readonly exports: Readonly<Record<string, string>>;
  /** What it imports, by the name in its modules. */
  readonly imports: Readonly<Record<string, string>>;
}

/** What stands in deno.json. */
export const PACKAGE: PackageInfo = {
  "name": "@bonsai/net",
  "version": "0.1.0",
  "exports": {
    ".": "./mod.ts",
    "./cli": "./cli/mod.ts",
    "./host": "./host/mod.ts",
    "./testing": "./testing/mod.ts",
    "./protocols/arp": "./protocols/arp.ts",
    "./protocols/dhcp": "./protocols/dhcp.ts",
    "./protocols/dhcp_options": "./protocols/dhcp_options.ts",
    "./protocols/dhcp_server": "./protocols/dhcp_server.ts",
    "./protocols/dhcpv6": "./protocols/dhcpv6.ts",
    "./protocols/dns": "./protocols/dns.ts",
    "./protocols/dns_records": "./protocols/dns_records.ts",
    "./protocols/dns_server": "./protocols/dns_server.ts",
    "./protocols/ethernet": "./protocols/ethernet.ts",
    "./protocols/http": "./protocols/http.ts",
    "./protocols/http_client": "./protocols/http_client.ts",
    "./protocols/http_server": "./protocols/http_server.ts",
    "./protocols/icmp": "./protocols/icmp.ts",
    "./protocols/icmp_tools": "./protocols/icmp_tools.ts",
    "./protocols/icmpv6": "./protocols/icmpv6.ts",
    "./protocols/igmp": "./protocols/igmp.ts",
    "./protocols/ipv4": "./protocols/ipv4.ts",
    "./protocols/ipv6": "./protocols/ipv6.ts",
    "./protocols/kernel_filter": "./protocols/kernel_filter.ts",
    "./protocols/link_local": "./protocols/link_local.ts",
    "./protocols/mdns": "./protocols/mdns.ts",
    "./protocols/mld": "./protocols/mld.ts",
    "./protocols/ndp": "./protocols/ndp.ts",
    "./protocols/slaac": "./protocols/slaac.ts",
    "./protocols/static_arp": "./protocols/static_arp.ts",
    "./protocols/tcp": "./protocols/tcp.ts",
    "./protocols/tcp_client": "./protocols/tcp_client.ts",
    "./protocols/udp": "./protocols/udp.ts",
    "./protocols/udp_template": "./protocols/udp_template.ts",
    "./drivers/af_packet": "./drivers/af_packet.ts",
    "./drivers/memory": "./drivers/memory.ts",
    "./drivers/replay": "./drivers/replay.ts",
    "./drivers/tap": "./drivers/tap.ts",
    "./drivers/tun": "./drivers/tun.ts",
    "./plugins/capture": "./plugins/capture.ts",
    "./plugins/impair": "./plugins/impair.ts",
    "./plugins/trace": "./plugins/trace.ts"
  },
  "imports": {
    "@std/assert": "./tests/std_assert/mod.ts",
    "hono": "npm:hono@^4",
    "esbuild": "npm:esbuild@^0.28",
    "marked": "npm:marked@^18",
    "typebox": "npm:typebox@^1"
  }
};
