import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { diagnose } from "../../cli/doctor/diagnose.ts";
import { type MachineFacts, PROGRAMS, readFacts } from "../../cli/doctor/facts.ts";
import { bonsai, DENO } from "./run.ts";

const ABLE: MachineFacts = {
  runtime: "Deno",
  version: "2.9.6",
  platform: "linux",
  uid: 0,
  capabilities: 0x1ff_ffff_ffffn,
  ffi: true,
  tun: true,
  tunOpens: true,
  namespaces: true,
  programs: PROGRAMS,
};

test("doctor finds nothing to enable where all is there", () => {
  assertEquals(diagnose(ABLE).filter(({ ok, fix }) => !ok || fix), []);
});

test("doctor names the one command that enables what is missing", () => {
  const cases: [lack: Partial<MachineFacts>, name: string, fix: string | undefined][] = [
    [{ version: "2.4.0" }, "runtime", "deno upgrade"],
    [{ runtime: "Bun", version: "1.2.9" }, "runtime", "bun upgrade"],
    [{ ffi: false }, "FFI", "deno run --allow-ffi …"],
    [{ runtime: "Node", version: "22.1.0" }, "FFI", "npx -y deno@2.9"],
    [{ tun: false, tunOpens: false }, "TAP, TUN", "sudo modprobe tun"],
    [{ tunOpens: false }, "TAP, TUN", "sudo chmod 0666 /dev/net/tun"],
    [
      { uid: 1000, capabilities: 1n << 13n },
      "TAP, TUN",
      "sudo ip tuntap add dev tap0 mode tap user $USER && sudo ip address add 10.0.0.1/24 dev tap0 && " +
      "sudo ip link set tap0 up",
    ],
    [
      { uid: 1000, capabilities: 1n << 12n },
      "AF_PACKET",
      'sudo setcap cap_net_raw,cap_net_admin+ep "$(command -v deno)"',
    ],
    [
      { uid: 1000, namespaces: false },
      "namespaces",
      "sudo sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000",
    ],
    [{ programs: ["curl", "tcpdump"] }, "programs", "sudo apt-get install iproute2 tshark"],
    [{ platform: "darwin" }, "TAP, TUN", undefined],
  ];
  for (const [lack, name, fix] of cases) {
    const bad = diagnose({ ...ABLE, ...lack }).filter(({ ok }) => !ok);
    assertEquals(bad.find((finding) => finding.name === name)?.fix, fix, JSON.stringify(bad));
  }
});

test("doctor reads this machine", async () => {
  const facts = await readFacts();
  assertEquals(facts.runtime, DENO ? "Deno" : "Bun");
  assertEquals(facts.uid, process.getuid?.() ?? null);
  const { status, stdout, stderr } = bonsai(["doctor", "--json"]);
  assertEquals([status, stderr], [0, ""]);
  assertEquals(JSON.parse(stdout).map(({ name }: { name: string }) => name), diagnose(facts).map(({ name }) => name));
});
