// The benchmarks run, and reckon right. No test here asserts a time.

import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { measure, median } from "../../bench/rounds.ts";
import type { Sample, Scenario } from "../../bench/scenario.ts";
import { Source, Verifier } from "../../bench/payload.ts";
import { resultTable } from "../../bench/table.ts";
import { ROOT, runtime } from "../tap/namespace.ts";

const scenario: Scenario = {
  name: "made-up",
  title: "",
  conditions: [],
  rate: ["units/s", 1],
  cost: ["µs/unit", 1e6],
  open: () => ({ contenders: [], absent: [] }),
};

test("contenders take turns, and ratios are those of the same round", async () => {
  const turns: string[] = [];
  const contender = (name: string, samples: readonly Sample[], against?: string) => {
    const left = [...samples];
    return {
      name,
      ...(against === undefined ? {} : { against }),
      measure: () => {
        turns.push(name);
        return Promise.resolve(left.shift()!);
      },
    };
  };
  const sample = (units: number, user: number): Sample => ({ units, seconds: 2, user, system: user, p99: units });
  const contenders = [
    contender("ours", [sample(4000, 0.01), sample(400, 0.001), sample(4000, 0.01)]),
    contender("peer", [sample(2000, 0.01), sample(200, 0.001), sample(1000, 0.02)], "ours"),
  ];
  const results = await measure({ contenders, absent: [] }, { rounds: 3, seconds: 2 }, () => {});
  assertEquals(turns, ["ours", "peer", "ours", "peer", "ours", "peer"]);
  assertEquals(
    resultTable(scenario, results),
    `|      | units/s | least to most | p99 ms | µs/unit (user + system) | our rate ÷ its | our CPU ÷ its |
| ---- | ------: | ------------: | -----: | ----------------------: | -------------: | ------------: |
| ours |   2,000 |  200 to 2,000 |  4,000 |      5.00 (2.50 + 2.50) |                |               |
| peer |     500 |  100 to 1,000 |  1,000 |      10.0 (5.00 + 5.00) |           2.00 |          0.50 |`,
  );
});

test("a median of an even number lies between the middle ones", () => assertEquals(median([4, 1, 3, 2]), 2.5));

test("a verifier takes the stream in any pieces, and sees one wrong byte", () => {
  const source = new Source();
  const verifier = new Verifier();
  for (let i = 0; i < 100; i++) {
    const piece = source.next().subarray(0, 1 + i * 655);
    verifier.take(piece);
    source.advance(piece.length);
  }
  const piece = source.next().slice();
  piece[12_345]! ^= 1;
  let message = "";
  try {
    verifier.take(piece);
  } catch (error) {
    message = (error as Error).message;
  }
  assert(message.startsWith("Payload is wrong"), message);
});

for (const [module, contender] of [["tcp", "bonsai"], ["udp", "bonsai bind"], ["http", "bonsai"]] as const) {
  test(`bench/${module}_memory.ts measures`, () => {
    const [program = "", ...args] = [...runtime(), `bench/${module}_memory.ts`, contender, "0.1"];
    const { stdout, stderr } = spawnSync(program, args, { cwd: ROOT, encoding: "utf8", timeout: 60_000 });
    assert(stdout.startsWith("{"), stderr);
    const sample: Sample = JSON.parse(stdout);
    assert(sample.units > 0);
  });
}
