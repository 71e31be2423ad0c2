import { type Driver, stack } from "@bonsai/net";
import { arp } from "@bonsai/net/protocols/arp";
import { ethernet } from "@bonsai/net/protocols/ethernet";
import { ipv4 } from "@bonsai/net/protocols/ipv4";
import { udp } from "@bonsai/net/protocols/udp";
import { COLLECTOR } from "./sensor.ts";

/** Hears readings: the other end of the wire, for tests and for trying it out. */
export function collector(driver: Driver<"ethernet">, onReading: (celsius: number) => void): { close(): void } {
  const { mac, address, port } = COLLECTOR;
  const net = stack({
    driver,
    protocols: [ethernet({ mac }), arp(), ipv4({ address: `${address}/24` }), udp()],
  });
  net.udp.bind({ port }, (data) => {
    const tenths = (data[0] ?? 0) << 8 | (data[1] ?? 0);
    onReading((tenths << 16 >> 16) / 10);
  });
  return net;
}
