// The commands on an interface that is there, beside the kernel, in a network of their own.

import { assertEquals, assertStringIncludes } from "@std/assert";
import process from "node:process";
import { test } from "node:test";
import { testWith } from "../needs.ts";
import { bonsai, environment, run, runtimeArgs } from "./run.ts";

testWith(["netns", "curl"], "start and ping on one end of a veth pair, with the kernel at the other", () => {
  const script = `ip link add veth0 type veth peer name veth1
ip address add 10.0.0.1/24 dev veth0
for end in veth0 veth1; do ip link set $end up; done
"$@" ping 10.0.0.1 --driver packet --name veth1 --address 10.0.0.2/24 --count 2 --interval 50
echo "status $?"
"$@" start --driver packet --name veth1 --address 10.0.0.2/24 & app=$!
for i in $(seq 100); do curl -fsS -m 1 http://10.0.0.2/ 2>/dev/null && break; sleep 0.1; done
kill -INT $app; wait $app; echo "status $?"`;
  const command = ["-n", "sh", "-c", script, "sh", process.execPath, ...runtimeArgs("cli/mod.ts")];
  const { stdout, stderr } = run("unshare", command, { env: environment() });
  assertStringIncludes(stdout, "10.0.0.1: 2 of 2 came back", stderr);
  assertStringIncludes(stdout, "This answer comes from bonsai", stderr);
  assertEquals(stdout.match(/^status 0$/gm)?.length, 2, stdout + stderr);
});

test("what is for devices that are made is refused for an interface that is there", () => {
  const { status, stderr } = bonsai([
    "ping",
    "10.0.0.1",
    "--driver",
    "packet",
    "--address",
    "10.0.0.2/24",
    "--mtu",
    "1400",
  ]);
  assertEquals([status, stderr], [
    2,
    "bonsai ping: --mtu is for --driver tap and --driver tun: the interface is the kernel's already; see bonsai ping --help\n",
  ]);
});
