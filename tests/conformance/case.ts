// A conformance case: what it is called, and what it asks of the host at the other end of a wire. The host has echo on TCP and
// UDP 7, discard on TCP 9, chargen on TCP 19, HTTP on TCP 80, and nothing on port 4444. Cases are written from the RFCs; each
// is asked of our stack and, as the oracle, of the Linux kernel.

import type { FrameWire, Wire } from "./wire.ts";

/** A case over a wire for IP packets. */
export interface Case<W extends Wire = Wire> {
  readonly name: string;
  run(wire: W): Promise<void>;
}

/** A case over a wire for Ethernet frames. */
export type FrameCase = Case<FrameWire>;

/** What adds cases to a list. */
export function into(cases: Case[]): (name: string, run: (wire: Wire) => Promise<void>) => void {
  return (name, run) => void cases.push({ name, run });
}
