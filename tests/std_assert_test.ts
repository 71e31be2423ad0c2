import * as a from "@std/assert";
import { throws as nodeThrows } from "node:assert/strict";
import { test } from "node:test";

/** Whether an assertion holds; anything but an AssertionError is a fault of the assertion itself. */
function holds(run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (error instanceof a.AssertionError) return false;
    throw error;
  }
}

test("each assertion holds and fails where the real library's does", () => {
  const list: [run: () => unknown, holds: boolean][] = [
    [() => a.assert(1), true],
    [() => a.assert(""), false],
    [() => a.assertFalse(0), true],
    [() => a.assertFalse("0"), false],
    [() => a.assertEquals({ x: [1, new Map([[1, "a"]])] }, { x: [1, new Map([[1, "a"]])] }), true],
    [() => a.assertEquals<unknown>({ x: 1 }, { x: "1" }), false],
    [() => a.assertEquals<unknown>({ x: undefined }, {}), false],
    [() => a.assertEquals(NaN, NaN), true],
    [() => a.assertEquals(0, -0), true],
    [() => a.assertEquals(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true],
    [() => a.assertEquals(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false],
    [() => a.assertEquals(Uint8Array.of(9, 1).subarray(1), Uint8Array.of(1)), true],
    [() => a.assertEquals<unknown>(Uint8Array.of(1), [1]), false],
    [() => a.assertEquals(new Date(5), new Date(6)), false],
    [() => a.assertNotEquals([1], [2]), true],
    [() => a.assertNotEquals([1], [1]), false],
    [() => a.assertStrictEquals(NaN, NaN), true],
    [() => a.assertStrictEquals(0, -0), false],
    [() => a.assertStrictEquals({}, {}), false],
    [() => a.assertNotStrictEquals({}, {}), true],
    [() => a.assertNotStrictEquals(1, 1), false],
    [() => a.assertExists(0), true],
    [() => a.assertExists(null), false],
    [() => a.assertInstanceOf(new TypeError(), Error), true],
    [() => a.assertInstanceOf({}, Error), false],
    [() => a.assertMatch("abc", /b/g), true],
    [() => a.assertMatch("abc", /^b/), false],
    [() => a.assertStringIncludes("abc", "bc"), true],
    [() => a.assertStringIncludes("abc", "cb"), false],
    [() => a.assertArrayIncludes([{ x: 1 }, { x: 2 }], [{ x: 2 }]), true],
    [() => a.assertArrayIncludes([{ x: 1 }], [{ x: 1 }, { x: 2 }]), false],
    [() => a.assertObjectMatch({ x: { y: 1, z: 2 }, l: [1] }, { x: { y: 1 }, l: [1] }), true],
    [() => a.assertObjectMatch({ x: { y: 1 } }, { x: { y: 2 } }), false],
    [() => a.assertObjectMatch({ x: 1 }, { y: undefined }), false],
    [() => a.assertAlmostEquals(0.1 + 0.2, 0.3), true],
    [() => a.assertAlmostEquals(1, 1.1, 0.05), false],
    [() => a.assertAlmostEquals(NaN, 1), false],
    [() => a.assertGreater(2, 1), true],
    [() => a.assertGreater(1, 1), false],
    [() => a.assertGreaterOrEqual(1, 1), true],
    [() => a.assertGreaterOrEqual(0, 1), false],
    [() => a.assertLess(1n, 2n), true],
    [() => a.assertLess(NaN, 1), false],
    [() => a.assertLessOrEqual(1, 1), true],
    [() => a.assertLessOrEqual(2, 1), false],
    [() => a.assertIsError(new RangeError("no room"), RangeError, /room/), true],
    [() => a.assertIsError("no room"), false],
    [() => a.fail("x"), false],
    [() => a.unreachable(), false],
  ];
  for (const [run, expected] of list) a.assert(holds(run) === expected, `${run} ${expected ? "fails" : "holds"}`);
});

test("assertThrows and assertRejects return the error, and hold it to its class and words", async () => {
  const thrower = () => {
    throw new RangeError("no room left");
  };
  a.assert(a.assertThrows(thrower, RangeError, "room").message === "no room left");
  a.assert(a.assertThrows(thrower) instanceof RangeError);
  a.assert(!holds(() => a.assertThrows(thrower, TypeError)));
  a.assert(!holds(() => a.assertThrows(thrower, RangeError, "other")));
  a.assert(!holds(() => a.assertThrows(() => {}, Error, "", "said")));
  nodeThrows(() => a.assertThrows(() => {}, "said"), /said/);

  const rejecter = () => Promise.reject(new RangeError("no room left"));
  a.assert((await a.assertRejects(rejecter, RangeError, "room")).message === "no room left");
  const failures = [
    a.assertRejects(rejecter, TypeError),
    a.assertRejects(() => Promise.resolve()),
    a.assertRejects(thrower),
  ];
  for (const { status } of await Promise.allSettled(failures)) a.assert(status === "rejected");
});
