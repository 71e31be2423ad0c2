/**
 * A network stack in user space, composed from the protocols an app needs.
 *
 * ```ts
 * import { stack } from "@bonsai/net";
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 * import { udp } from "@bonsai/net/protocols/udp";
 *
 * const [driver] = memory("ip");
 * const net = stack({ driver, protocols: [ipv4({ address: "10.0.0.2/24" }), udp()] });
 * net.udp.bind({ port: 53 }, (data, source, port) => console.log(data, source, port));
 * ```
 *
 * @module
 */

export * from "./core/address_selection.ts";
export * from "./core/checksum.ts";
export type { Claim, ClaimUser, Dad } from "./core/claim.ts";
export * from "./core/clock.ts";
export * from "./core/domain_name.ts";
export * from "./core/driver.ts";
export * from "./core/driver_wrapper.ts";
export * from "./core/ether_type.ts";
export type { IcmpFamily, IcmpLayer, IcmpLayerCounters } from "./core/icmp_layer.ts";
export * from "./core/ip.ts";
export type { IpAssigned, IpCounters, IpErrors, IpFamily, IpObserver } from "./core/ip_family.ts";
export type { IpLayer } from "./core/ip_layer.ts";
export type { IpPath, PathNetwork } from "./core/ip_path.ts";
export * from "./core/ipv4_address.ts";
export * from "./core/ipv6_address.ts";
export type { Loop, LoopOptions } from "./core/loop.ts";
export type { Loopback } from "./core/loopback.ts";
export * from "./core/mac_address.ts";
export type { CachedNeighbour, NeighbourState, NeighbourWay } from "./core/neighbour.ts";
export type { NeighbourCache, NeighbourCounters, NeighbourUser } from "./core/neighbour_cache.ts";
export type { NeighbourLink, NeighbourLinkCounters, NeighbourLinkOptions } from "./core/neighbour_link.ts";
export * from "./core/net_error.ts";
export * from "./core/options.ts";
export * from "./core/packet.ts";
export * from "./core/protocol.ts";
export * from "./core/random.ts";
export type { IpPrefix, Route } from "./core/routes.ts";
export * from "./core/simulate.ts";
export * from "./core/stack.ts";
export * from "./core/timers.ts";
export type { TokenBucket } from "./core/token_bucket.ts";
