import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { systemClock } from "../../core/clock.ts";
import { parseIpv4 } from "../../core/ipv4_address.ts";
import { stack } from "../../core/stack.ts";
import { memory } from "../../drivers/memory.ts";
import { ipv4 } from "../../protocols/ipv4.ts";
import { udp } from "../../protocols/udp.ts";

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

test("a signal ends the run of a stack that has a clock of the app's, and the wait for one that runs by itself", async () => {
  for (const automatic of [true, false]) {
    const [left, right] = memory("ip");
    const clock = automatic ? {} : { clock: systemClock };
    const sender = stack({ driver: left, protocols: [ipv4({ address: "10.0.0.1/24" }), udp()] });
    const receiver = stack({ driver: right, ...clock, protocols: [ipv4({ address: "10.0.0.2/24" }), udp()] });
    let received = 0;
    receiver.udp.bind({ port: 7 }, () => received++);
    const socket = sender.udp.bind({ port: 0 }, () => {});
    const send = async (): Promise<number> => {
      socket.send(new Uint8Array(1), parseIpv4("10.0.0.2"), 7);
      await sleep(50);
      return received;
    };
    const controller = new AbortController();
    const run = receiver.run(controller.signal);
    assertEquals(await send(), 1);
    controller.abort();
    await run;
    await receiver.run(AbortSignal.abort());
    assertEquals(await send(), automatic ? 2 : 1);
    for (const net of [sender, receiver]) net.close();
  }
});
