import process from "node:process";
import { memory } from "@bonsai/net/drivers/memory";
import { tap } from "@bonsai/net/drivers/tap";
import { collector } from "./collector.ts";
import { sensor } from "./sensor.ts";

// The name of a TAP device; without one, a wire in memory with the collector at its other end.
const device = process.argv[2];
const [ours, theirs] = memory("ethernet");
if (!device) collector(theirs, (celsius) => console.log(`The collector heard ${celsius} °C`));
const thermometer = sensor(device ? tap(device, { host: "10.0.0.1/24" }) : ours);

let celsius = 21.5;
const timer = setInterval(() => {
  celsius += Math.random() < 0.5 ? -0.1 : 0.1;
  thermometer.report(celsius);
}, 1000);
thermometer.report(celsius);

process.once("SIGINT", () => {
  clearInterval(timer);
  thermometer.close();
});
