/**
 * Records of every kind: mail exchangers, services, texts, …, read from what `dns()` finds.
 *
 * ```ts
 * import { memory } from "@bonsai/net/drivers/memory";
 * import { stack } from "@bonsai/net";
 * import { dns } from "@bonsai/net/protocols/dns";
 * import { resolve } from "@bonsai/net/protocols/dns_records";
 * import { ipv4 } from "@bonsai/net/protocols/ipv4";
 * import { udp } from "@bonsai/net/protocols/udp";
 *
 * const [driver] = memory("ip");
 * const net = stack({
 *   driver,
 *   protocols: [ipv4({ address: "10.0.0.2/24" }), udp(), dns({ servers: ["10.0.0.1"], attempts: 1 })],
 * });
 * resolve(net, "example.com", "MX").then(([mx]) => console.log(mx?.exchange), () => console.log("no mail"));
 * ```
 *
 * @module
 */

import { NetError } from "../core/net_error.ts";
import type { Dns } from "./dns.ts";
import { readData } from "./dns/reader.ts";
import { type DnsDataOf, type DnsType, LAYOUTS } from "./dns/record.ts";

export type { DnsDataOf, DnsMx, DnsSoa, DnsSrv, DnsType } from "./dns/record.ts";

/**
 * Looks records up, through the search list and along aliases.
 *
 * @typeParam T The type.
 * @param net The stack.
 * @param name The name; one with a dot at its end is not looked for in the search list.
 * @param type The type, such as `"MX"`.
 * @returns The data of its records; at least one.
 * @throws {NetError} As {@linkcode Dns.query}; `EPROTO` when the data of none fits the type.
 * @throws {SyntaxError} When the text is no name.
 * @throws {TypeError} When there is no such type.
 */
export async function resolve<T extends DnsType>(
  net: { readonly dns: Dns },
  name: string,
  type: T,
): Promise<DnsDataOf[T][]> {
  if (!Object.hasOwn(LAYOUTS, type)) throw new TypeError(`There is no DNS type "${type}"`);
  const layout = LAYOUTS[type];
  const records = await net.dns.query(name, layout[0]);
  const data = records.map(({ bytes, at, end }) => readData(bytes, layout, at, end)).filter((one) => one !== null);
  if (data.length === 0) throw new NetError("EPROTO", `Cannot read the ${type} records of "${name}"`);
  return data as DnsDataOf[T][];
}
