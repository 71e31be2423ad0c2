/**
 * The test kit: recorded conversations become tests of an app, packets are checked by small predicates, and a test that fails
 * leaves the packets of its run behind. Works in `deno test`, `bun test` and Node's runner.
 *
 * ```ts ignore
 * import { replay } from "@bonsai/net/testing";
 *
 * const run = await replay("bug.pcap", { as: "10.0.0.5", app: (request) => new Response(new URL(request.url).pathname) });
 * run.expectIdentical();
 * ```
 *
 * @module
 */

export { type ReadRecording, readRecording, type ReplayReport, type Verdict } from "../drivers/replay.ts";
export type { ReplaySource } from "../drivers/replay.ts";
export {
  type Check,
  type ExpectedNumber,
  type ExpectedText,
  expectPacket,
  expectPackets,
  type PacketLike,
} from "./expect.ts";
export { arp, data, eth, type Fields, icmp, icmpv6, ip, ipv6, tcp, udp } from "./checks.ts";
export {
  compareGolden,
  GOLDEN_OPTIONS,
  type GoldenDifference,
  type GoldenOptions,
  type SentPacket,
} from "./compare_golden.ts";
export { type FieldValue, packetFields } from "./dissect/packet_fields.ts";
export { packetFilter } from "./dissect/packet_filter.ts";
export { expectGolden, type ExpectGoldenOptions, GoldenError } from "./golden.ts";
export { type Pair, pair, type PairOptions, type PairStack } from "./pair.ts";
export { record, type RecordOptions, Tape, tape } from "./record.ts";
export { replay, type ReplayStack, type ReplayTestOptions } from "./replay.ts";
export { describeReplay, ReplayRun } from "./run.ts";
