/**
 * What a configuration can name: the drivers, protocols and plugins of the package, and the schemas of their options.
 *
 * @module
 */

import type { Driver, Plugin } from "../../core/driver.ts";
import type { AnyProtocol } from "../../core/protocol.ts";
import { AF_PACKET_OPTIONS, afPacket } from "../../drivers/af_packet.ts";
import { tap, TAP_OPTIONS } from "../../drivers/tap.ts";
import { tun } from "../../drivers/tun.ts";
import { impair, IMPAIR_OPTIONS } from "../../plugins/impair.ts";
import { trace, TRACE_OPTIONS } from "../../plugins/trace.ts";
import { arp, ARP_OPTIONS } from "../../protocols/arp.ts";
import { dhcp, DHCP_OPTIONS } from "../../protocols/dhcp.ts";
import { clientId, everyOption, hostname } from "../../protocols/dhcp_options.ts";
import { DHCP_SERVER_OPTIONS, dhcpServer } from "../../protocols/dhcp_server.ts";
import { dhcpv6, DHCPV6_OPTIONS } from "../../protocols/dhcpv6.ts";
import { dns, DNS_OPTIONS } from "../../protocols/dns.ts";
import { DNS_SERVER_OPTIONS, dnsServer } from "../../protocols/dns_server.ts";
import { ethernet, ETHERNET_OPTIONS } from "../../protocols/ethernet.ts";
import { http, HTTP_OPTIONS, SERVE_OPTIONS } from "../../protocols/http.ts";
import { httpClient } from "../../protocols/http_client.ts";
import { httpServer } from "../../protocols/http_server.ts";
import { icmp, ICMP_OPTIONS } from "../../protocols/icmp.ts";
import { icmpv6, ICMPV6_OPTIONS } from "../../protocols/icmpv6.ts";
import { igmp, IGMP_OPTIONS } from "../../protocols/igmp.ts";
import { ipv4, IPV4_OPTIONS } from "../../protocols/ipv4.ts";
import { ipv6, IPV6_OPTIONS } from "../../protocols/ipv6.ts";
import { kernelFilter } from "../../protocols/kernel_filter.ts";
import { LINK_LOCAL_OPTIONS, linkLocal } from "../../protocols/link_local.ts";
import { mdns, MDNS_OPTIONS } from "../../protocols/mdns.ts";
import { mld, MLD_OPTIONS } from "../../protocols/mld.ts";
import { ndp, NDP_OPTIONS } from "../../protocols/ndp.ts";
import { slaac, SLAAC_OPTIONS } from "../../protocols/slaac.ts";
import { STATIC_ARP_OPTIONS, staticArp } from "../../protocols/static_arp.ts";
import { tcp, TCP_OPTIONS } from "../../protocols/tcp.ts";
import { tcpClient } from "../../protocols/tcp_client.ts";
import { udp, UDP_OPTIONS } from "../../protocols/udp.ts";
import { UDP_TEMPLATE_OPTIONS, udpTemplate } from "../../protocols/udp_template.ts";
import { CaptureFile } from "../start/capture_file.ts";

/** A JSON Schema of options. */
export interface DataSchema {
  readonly type: "object";
  readonly additionalProperties: false;
  readonly required?: readonly string[];
  readonly properties: Readonly<Record<string, object>>;
}

/** Options, as they stand in a file. */
export type Data = Readonly<Record<string, unknown>>;

/** Something that a configuration can name. */
export interface Part<T> {
  /** The schema of its options. */
  readonly schema: DataSchema;
  /** Makes it. */
  make(options: Data): T;
}

const TEXT = { type: "string", minLength: 1 } as const;

/** The part of a schema that data can say: functions cannot stand in a file. */
function data(
  schema: { readonly properties: object; readonly required?: readonly string[] },
  more: Data = {},
): DataSchema {
  const kept = Object.entries(schema.properties as Record<string, object>)
    .filter(([name]) => !/^(on[A-Z]|filter$|congestion$|clock$|signal$)/.test(name));
  const required = [...schema.required ?? [], ...Object.keys(more)];
  return {
    type: "object",
    additionalProperties: false,
    ...(required.length > 0 && { required }),
    properties: { ...more as Record<string, object>, ...Object.fromEntries(kept) },
  };
}

const NONE = { properties: {} };

function part<T, O>(make: (options: O) => T, schema: Parameters<typeof data>[0] = NONE): Part<T> {
  return { schema: data(schema), make: (options) => make(options as O) };
}

/** The client with all that it can ask for, and what it tells as text: a file holds no functions. */
const DHCP: Part<AnyProtocol> = ((schema) => {
  const { options: _, ...properties } = schema.properties;
  return {
    schema: {
      ...schema,
      properties: { hostname: TEXT, clientId: { ...TEXT, examples: ["ff00000001"] }, ...properties },
    },
    make: ({ hostname: name, clientId: id, ...rest }) => {
      const told = [...name ? [hostname(name as string)] : [], ...id ? [clientId(id as string)] : []];
      return dhcp({ ...rest, options: [...told, ...everyOption] });
    },
  };
})(data(DHCP_OPTIONS));

/** The protocols, by their names. */
export const PROTOCOLS: Readonly<Record<string, Part<AnyProtocol>>> = {
  ethernet: part(ethernet, ETHERNET_OPTIONS),
  arp: part(arp, ARP_OPTIONS),
  staticArp: part(staticArp, STATIC_ARP_OPTIONS),
  ndp: part(ndp, NDP_OPTIONS),
  ipv4: part(ipv4, IPV4_OPTIONS),
  ipv6: part(ipv6, IPV6_OPTIONS),
  icmp: part(icmp, ICMP_OPTIONS),
  igmp: part(igmp, IGMP_OPTIONS),
  icmpv6: part(icmpv6, ICMPV6_OPTIONS),
  mld: part(mld, MLD_OPTIONS),
  slaac: part(slaac, SLAAC_OPTIONS),
  udp: part(udp, UDP_OPTIONS),
  udpTemplate: part(udpTemplate, UDP_TEMPLATE_OPTIONS),
  tcp: part(tcp, TCP_OPTIONS),
  tcpClient: part(tcpClient, TCP_OPTIONS),
  dhcp: DHCP,
  dhcpServer: part(dhcpServer, DHCP_SERVER_OPTIONS),
  dhcpv6: part(dhcpv6, DHCPV6_OPTIONS),
  linkLocal: part(linkLocal, LINK_LOCAL_OPTIONS),
  mdns: part(mdns, MDNS_OPTIONS),
  dns: part(dns, DNS_OPTIONS),
  dnsServer: part(dnsServer, DNS_SERVER_OPTIONS),
  http: part(http, HTTP_OPTIONS),
  httpClient: part(httpClient, HTTP_OPTIONS),
  httpServer: part(httpServer),
  kernelFilter: part(() => kernelFilter()),
};

function device(
  open: (name: string, options: object) => Driver,
  options: { readonly properties: object },
  fallback: string,
): Part<Driver> {
  const { properties, required: _, ...rest } = data(options);
  const name = { ...TEXT, maxLength: 15, description: "The device's name", examples: [fallback] };
  return {
    schema: { ...rest, properties: { name, ...properties } },
    make: ({ name = fallback, ...options }) => open(name as string, options),
  };
}

/** The drivers, by their names. */
export const DRIVERS: Readonly<Record<string, Part<Driver>>> = {
  tap: device(tap, TAP_OPTIONS, "tap0"),
  tun: device(tun, TAP_OPTIONS, "tun0"),
  afPacket: device(afPacket, AF_PACKET_OPTIONS, "eth0"),
};

/** What the drivers carry. */
export const MEDIA: Readonly<Record<string, "ethernet" | "ip">> = {
  tap: "ethernet",
  tun: "ip",
  afPacket: "ethernet",
};

/** The plugins, by their names. */
export const PLUGINS: Readonly<Record<string, Part<Plugin>>> = {
  capture: {
    schema: data(NONE, { file: { ...TEXT, description: "The pcapng file to write" } }),
    make: ({ file }) => new CaptureFile(file as string).plugin,
  },
  impair: part(impair, IMPAIR_OPTIONS),
  trace: part((options: object) => trace(console.log, options), TRACE_OPTIONS),
};

/** The options of `serve`, in a file. */
export const SERVE: DataSchema = data(SERVE_OPTIONS);
