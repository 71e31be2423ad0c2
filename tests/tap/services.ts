/**
 * The services of `cli/services.ts` in a namespace, for tests that are its clients.
 *
 * @module
 */

import { inNamespace, type Namespace, type Program } from "./namespace.ts";

/** Our address in these tests. */
export const OURS = "10.9.0.2";
/** The kernel's address. */
export const THEIRS = "10.9.0.1";

/** What the stack counted, by layer and name. */
export type Counters = Record<string, Record<string, number>>;

/** The services, running. */
export interface Services {
  /** Where they run. */
  readonly namespace: Namespace;
  /** The program. */
  readonly program: Program;
  /** Asks for what the stack counted so far. */
  counters(): Promise<Counters>;
}

/** Starts the services over TAP (or TUN), and ends them in good order after the test. */
export function withServices(
  test: (services: Services) => Promise<void> | void,
  driver: "tap" | "tun" = "tap",
): Promise<void> {
  return inNamespace(async (namespace) => {
    const program = namespace.start(
      ["cli/services.ts", "--driver", driver, "--address", `${OURS}/24`, "--host", `${THEIRS}/24`],
    );
    await program.line(/^ready/);
    const counters = async (): Promise<Counters> => {
      const seen = program.stdout.split("\n").length;
      program.signal("SIGUSR2");
      for (let i = 0; i < 200; i++) {
        const lines = program.stdout.split("\n");
        if (lines.length > seen) return JSON.parse(lines[lines.length - 2]!);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      throw new Error(`It did not print its counters: ${program.said()}`);
    };
    await test({ namespace, program, counters });
    if (program.over) return;
    const { loop } = await counters();
    if (loop!.faults !== 0) throw new Error(`An exception came out of a layer: ${program.said()}`);
    const status = await program.stop("SIGTERM");
    if (status !== 0) throw new Error(`It ended with ${status}: ${program.said()}`);
  });
}
