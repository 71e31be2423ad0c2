import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { testWith } from "../needs.ts";
import { inNamespace, NEEDS } from "./namespace.ts";

for (const version of [2, 3]) {
  testWith(
    [...NEEDS, "bridge"],
    `the kernel's bridge, a querier of IGMPv${version}, learns of our group, hears of it again, and forgets it`,
    () =>
      inNamespace(async (namespace) => {
        const bridge = ["type", "bridge", "mcast_snooping", "1", "mcast_querier", "1", "mcast_igmp_version"];
        namespace.run("ip", "link", "add", "br0", ...bridge, `${version}`);
        // Hundredths of a second; a port that does not answer is forgotten after three.
        for (
          const [name, value] of [
            ["query_interval", 200],
            ["startup_query_interval", 100],
            ["membership_interval", 500],
            ["last_member_interval", 100],
            ["query_response_interval", 100],
          ] as const
        ) namespace.run("ip", "link", "set", "br0", "type", "bridge", `mcast_${name}`, `${value}`);
        namespace.run("ip", "address", "add", "10.9.0.1/24", "dev", "br0");
        namespace.run("ip", "tuntap", "add", "dev", "tap0", "mode", "tap");
        namespace.run("ip", "link", "set", "tap0", "master", "br0", "up");
        namespace.run("ip", "link", "set", "br0", "up");
        const program = namespace.start(["tests/tap/groups.ts"]);
        await program.line(/^ready/);
        const known = (): boolean => namespace.run("bridge", "mdb", "show", "dev", "br0").includes("239.1.2.3");
        const until = async (wanted: boolean): Promise<void> => {
          for (let i = 0; i < 300 && known() !== wanted; i++) await new Promise((done) => setTimeout(done, 50));
          assertEquals(known(), wanted, program.said());
        };
        await until(true);
        // Longer than a membership lasts that nobody answers for.
        for (let i = 0; i < 14; i++) {
          await new Promise((done) => setTimeout(done, 500));
          assert(known(), program.said());
        }
        process.kill(program.pid, "SIGUSR1");
        await until(false);
        assertEquals(await program.stop(), 0, program.said());
        const { igmp, loop } = JSON.parse(/^\{.*$/m.exec(program.stdout)![0]);
        assertEquals([loop.faults, igmp.malformed, igmp.badQueries], [0, 0, 0]);
        assert(igmp.queries > 1, JSON.stringify(igmp));
      }),
  );
}
