/**
 * A sensor: what a datagram of a few bytes costs that is sent again and again with another reading in it.
 *
 * `deno run -A bench/udp_sensor.ts bonsai [BATCH]|node:dgram|Deno.listenDatagram|sink`.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import process from "node:process";
import { stack } from "@bonsai/net";
import { tap } from "@bonsai/net/drivers/tap";
import { staticArp } from "@bonsai/net/protocols/static_arp";
import { udpTemplate } from "@bonsai/net/protocols/udp_template";
import { CLIENT, type Ground, HOST_CIDR, Lab, STACK, STACK_CLIENT } from "./lab.ts";
import { sleep } from "./program.ts";
import { binary, command, lacks, NAMES, type Runtime } from "./runtimes.ts";
import type { Contender, Sample, Scenario } from "./scenario.ts";

/** Where readings go: the port of CoAP (RFC 7252). */
const PORT = 5683;
/** Datagrams between two turns of the host's own loop, or on their way at once. */
const BATCH = 16;
/** Milliseconds that are not measured at first. */
const WARM_UP = 1000;

/** Who sends, in which runtime, over what, and whom of ours it is set against. */
const SENSORS: readonly (readonly [name: string, Runtime, Ground, against?: string])[] = [
  ["bonsai", "deno", "tap"],
  ["bonsai", "bun", "tap"],
  ["Deno.listenDatagram", "deno", "veth", "bonsai, Deno"],
  ["node:dgram", "deno", "veth", "bonsai, Deno"],
  ["node:dgram", "bun", "veth", "bonsai, Bun"],
];

/** The scenario. */
export const udpSensor: Scenario = {
  name: "udp-sensor",
  title: "Readings of 4 bytes in UDP datagrams to a socket of the kernel's",
  conditions: [
    `as fast as each goes, ${BATCH} at a time; every datagram is another one, and counted where it arrives`,
    "bonsai: udpTemplate() on staticArp() over tap(), checksums on; the others: the kernel's UDP over veth",
    "CPU: of the sensor's process, which on TAP and veth contains the other side's receive path",
  ],
  rate: ["datagrams/s", 1],
  cost: ["CPU µs/datagram", 1e6],
  open: () => {
    const missing = Lab.lacks();
    if (missing !== null || !binary("deno")) return { contenders: [], absent: [missing ?? lacks("deno")] };
    return {
      contenders: SENSORS.filter(([, runtime]) => binary(runtime)).map((
        [name, runtime, ground, against],
      ): Contender => ({
        name: `${name}, ${NAMES[runtime]}`,
        ...(against === undefined ? {} : { against }),
        measure: (seconds) => round(name, runtime, ground, seconds),
      })),
      absent: binary("bun") ? [] : [lacks("bun")],
    };
  },
};

async function round(name: string, runtime: Runtime, ground: Ground, seconds: number): Promise<Sample> {
  await using lab = new Lab();
  const sink = lab.start(command("deno", "bench/udp_sensor.ts", "sink"));
  await sink.line(/^ready/);
  const sensor = await lab.serve(runtime, ground, "bench/udp_sensor.ts", name);
  await sleep(WARM_UP);
  const before = arrived(lab);
  const [user, system] = sensor.cpu();
  const began = performance.now();
  await sleep(seconds * 1000);
  const [userAfter, systemAfter] = sensor.cpu();
  const took = (performance.now() - began) / 1000;
  return { units: arrived(lab) - before, seconds: took, user: userAfter - user, system: systemAfter - system };
}

/** Datagrams that the kernel's UDP took in and found right, whether the sink was quick enough for them or not. */
function arrived(lab: Lab): number {
  const [names, values] = lab.read("/proc/net/snmp").split("\n").filter((line) => /^Udp:/.test(line))
    .map((line) => line.split(" "));
  const count = (name: string): number => Number(values![names!.indexOf(name)]);
  if (count("InCsumErrors") > 0) throw new Error("The kernel found a wrong checksum");
  return count("InDatagrams") + count("RcvbufErrors") - count("InCsumErrors");
}

/** Puts the next reading into a datagram. */
function read(reading: Uint8Array): void {
  if (++reading[0]! === 0) reading[1]!++;
}

function bonsai(batch: number): void {
  const driver = tap("tap0", { host: HOST_CIDR });
  const neighbour = readFileSync("/sys/class/net/tap0/address", "utf8").trim();
  const { datagram } = stack({
    driver,
    protocols: [
      staticArp({ mac: "02:00:00:00:00:02", neighbour }),
      udpTemplate({ source: STACK, destination: STACK_CLIENT, destinationPort: PORT }),
    ],
  });
  const reading = new Uint8Array(4);
  const turn = (): void => {
    for (let i = 0; i < batch; i++) {
      read(reading);
      datagram.send(reading);
    }
    setImmediate(turn);
  };
  setTimeout(turn, 200);
}

function nodeDgram(): void {
  const socket = createSocket("udp4");
  socket.connect(PORT, CLIENT, () => {
    for (let i = 0; i < BATCH; i++) {
      const reading = Buffer.alloc(4);
      const send = (): void => {
        read(reading);
        socket.send(reading, send);
      };
      send();
    }
  });
}

async function listenDatagram(): Promise<void> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
  const to = { transport: "udp", hostname: CLIENT, port: PORT } as const;
  const reading = new Uint8Array(4);
  for (;;) {
    read(reading);
    await socket.send(reading, to);
  }
}

if (import.meta.main) {
  const [role = "", batch = BATCH] = process.argv.slice(2);
  console.log("ready");
  if (role === "sink") createSocket("udp4").on("message", () => {}).bind(PORT);
  else if (role === "bonsai") bonsai(Number(batch));
  else if (role === "node:dgram") nodeDgram();
  else await listenDatagram();
}
