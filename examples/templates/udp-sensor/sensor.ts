import { type Driver, stack } from "@bonsai/net";
import { staticArp } from "@bonsai/net/protocols/static_arp";
import { udpTemplate } from "@bonsai/net/protocols/udp_template";

/** Who we are, and who hears us. */
export const US = { mac: "02:00:00:00:00:02", address: "10.0.0.2" };
/** The collector. */
export const COLLECTOR = { mac: "02:00:00:00:00:01", address: "10.0.0.1", port: 5683 };

/** Sends readings. */
export interface Sensor {
  /** Sends one; false when it was dropped. */
  report(celsius: number): boolean;
  close(): void;
}

/**
 * The whole device. The datagram is written once; a report changes two bytes of it and the checksum, and allocates nothing.
 * What is not listed is not in the bundle: no ARP, no IP routing, no TCP.
 */
export function sensor(driver: Driver<"ethernet">): Sensor {
  const net = stack({
    driver,
    protocols: [
      staticArp({ mac: US.mac, neighbour: COLLECTOR.mac }),
      udpTemplate({ source: US.address, destination: COLLECTOR.address, destinationPort: COLLECTOR.port }),
    ],
  });
  const reading = new Uint8Array(2);
  return {
    report(celsius) {
      const tenths = Math.round(celsius * 10);
      reading[0] = tenths >> 8;
      reading[1] = tenths;
      return net.datagram.send(reading);
    },
    close: () => net.close(),
  };
}
