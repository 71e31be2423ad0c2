/**
 * What the stacks of a namespace send, in the eyes of tcpdump and tshark: no frame of theirs is malformed or has a wrong
 * checksum.
 *
 * The kernel's own frames are left out: it leaves the checksums of some to devices that need none.
 *
 * @module
 */

import { rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasProgram } from "../needs.ts";
import type { Namespace, Program } from "./namespace.ts";

/** Frames that are looked at, at most: tshark takes a second for ten thousand. */
const MOST = 10_000;
/** Bytes of a capture without a frame. */
const EMPTY = 24;
/** What is wrong with a frame. */
const WRONG = [
  "_ws.malformed",
  ...["ip", "tcp", "udp", "icmp", "icmpv6", "igmp"].map((layer) => `${layer}.checksum.status == "Bad"`),
].join(" || ");

/** Ports whose payloads are the tests' own: HTTP's, and whatever else tshark would take for a protocol of that port. */
const PAYLOADS = ["tcp.port==1-65535", "udp.port==69-545", "udp.port==548-5352", "udp.port==5354-49151"];

/** The frames that come into a namespace's TAP and TUN devices. */
export class FramesSent {
  readonly #namespace: Namespace;
  readonly #file: string;
  readonly #program: Program;
  readonly #links: Program;

  private constructor(namespace: Namespace, file: string, program: Program, links: Program) {
    this.#namespace = namespace;
    this.#file = file;
    this.#program = program;
    this.#links = links;
  }

  /** Begins to capture; null where there is no tcpdump or no tshark. */
  static async watch(namespace: Namespace): Promise<FramesSent | null> {
    if (!hasProgram("tcpdump") || !hasProgram("tshark")) return null;
    const file = join(tmpdir(), `${namespace.name}.pcap`);
    // Of every device, those that are yet to be made included: what comes in.
    const options = "--immediate-mode -i any -y LINUX_SLL2 -Q in -s 0 -B 8192 -Z root".split(" ");
    const program = namespace.spawn(
      "sh",
      "-c",
      `exec tcpdump "$@" 2>&1`,
      "tcpdump",
      ...options,
      "-c",
      `${MOST}`,
      "-w",
      file,
    );
    const links = namespace.spawn("ip", "-o", "monitor", "link");
    await program.line(/listening on any/);
    return new FramesSent(namespace, file, program, links);
  }

  /** Ends the capture, and says what is wrong with its frames: a line each. */
  async faults(): Promise<string> {
    // It reads frames as they come, but what came just now it has yet to write.
    await new Promise((resolve) => setTimeout(resolve, 100));
    await this.#program.stop("SIGINT");
    if (statSync(this.#file).size <= EMPTY) return "";
    // What other namespaces and the kernel itself send comes in by these, also if they are gone by now.
    const pairs = [...this.#links.stdout.matchAll(/^(\d+): \S+@/gm)].map(([, index]) => index);
    const others = [1, ...new Set(pairs)].map((index) => `sll.ifindex != ${index}`);
    const checks = ["ip", "udp", "tcp"].flatMap((layer) => ["-o", `${layer}.check_checksum:TRUE`]);
    const payloads = PAYLOADS.flatMap((ports) => ["-d", `${ports},data`]);
    const filter = `(${WRONG}) && ${others.join(" && ")}`;
    return this.#namespace.run("tshark", ...checks, ...payloads, "-r", this.#file, "-Y", filter, "-c", String(MOST))
      .trim();
  }

  /** Removes the capture. */
  remove(): void {
    rmSync(this.#file, { force: true });
  }
}
