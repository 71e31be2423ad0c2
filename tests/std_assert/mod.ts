/**
 * A stand-in for `jsr:@std/assert` over `node:assert`, so that the tests run where only npm is reachable, and under Bun.
 *
 * It keeps that library's signatures and what they accept and refuse, for the functions that our tests use; the wording
 * of failures differs. Without the `links` in deno.json the tests run on the real library, unchanged.
 *
 * @module
 */

// deno-lint-ignore-file no-explicit-any -- the real library's signatures have it too

import { AssertionError, deepStrictEqual } from "node:assert/strict";
import { inspect, isDeepStrictEqual } from "node:util";

export { AssertionError };

/** A class whose instances are `T`, abstract or not. */
type Class<T> = abstract new (...args: any[]) => T;

function raise(what: string, msg?: string): never {
  throw new AssertionError({ message: msg ? `${what}: ${msg}` : what, stackStartFn: raise });
}

/** Zero and minus zero are equal here, and only here at the top: within objects node's rule (they differ) holds. */
function equal(a: unknown, b: unknown): boolean {
  return a === b || isDeepStrictEqual(a, b);
}

/** Asserts that a value is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) raise(msg || "Expected a truthy value");
}

/** Asserts that a value is falsy. */
export function assertFalse(expr: unknown, msg = ""): asserts expr is false | 0 | 0n | "" | null | undefined {
  if (expr) raise(msg || `Expected a falsy value, got ${inspect(expr)}`);
}

/** Asserts that two values are equal in depth. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  let difference = "";
  try {
    deepStrictEqual(actual, expected);
  } catch (error) {
    difference = (error as Error).message;
  }
  raise("Values are not equal", `${msg ? msg + "\n" : ""}${difference}`);
}

/** Asserts that two values differ in depth. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) raise(`Expected a value other than ${inspect(expected)}`, msg);
}

/** Asserts that two values are the same one, by `Object.is`. */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  if (Object.is(actual, expected)) return;
  raise(`Values are not the same: ${inspect(actual)} is not ${inspect(expected)}`, msg);
}

/** Asserts that two values are not the same one, by `Object.is`. */
export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void {
  if (Object.is(actual, expected)) raise(`Expected another value than ${inspect(expected)}`, msg);
}

/** Asserts that a value is neither `null` nor `undefined`. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) raise(`Expected a value, got ${actual}`, msg);
}

/** Asserts that a value is an instance of a class. */
export function assertInstanceOf<T extends Class<any>>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  if (!(actual instanceof expectedType)) raise(`Expected an instance of ${expectedType.name}: ${inspect(actual)}`, msg);
}

/** Asserts that a string matches an expression. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  // An expression with the flag g or y remembers where it stopped; a copy starts at 0.
  if (!new RegExp(expected).test(actual)) raise(`Expected ${inspect(actual)} to match ${expected}`, msg);
}

/** Asserts that a string holds another. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (!actual.includes(expected)) raise(`Expected ${inspect(actual)} to contain ${inspect(expected)}`, msg);
}

/** Asserts that an array holds each of some values, compared in depth. */
export function assertArrayIncludes<T>(actual: ArrayLike<T>, expected: ArrayLike<T>, msg?: string): void {
  const missing = Array.from(expected).filter((value) => !Array.from(actual).some((other) => equal(value, other)));
  if (missing.length > 0) raise(`Expected ${inspect(actual)} to include ${inspect(missing)}`, msg);
}

/** Asserts that an object has the properties of another, in depth; it may have more. */
export function assertObjectMatch(
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  assertEquals(likewise(actual, expected), expected, msg);
}

/** What `actual` has of the shape of `expected`. */
function likewise(actual: any, expected: any): any {
  if (actual === null || typeof actual !== "object" || !isPlain(expected)) return actual;
  const picked: Record<PropertyKey, unknown> = {};
  for (const key of Reflect.ownKeys(expected)) if (key in actual) picked[key] = likewise(actual[key], expected[key]);
  return picked;
}

function isPlain(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Asserts that two numbers differ by at most `tolerance`: a ten-millionth of `expected` when left out. */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  const delta = Math.abs(expected - actual);
  if (!(delta <= allowed)) raise(`Expected ${actual} to be within ${allowed} of ${expected}`, msg);
}

/** Asserts that `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) raise(`Expected ${inspect(actual)} > ${inspect(expected)}`, msg);
}

/** Asserts that `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual >= expected)) raise(`Expected ${inspect(actual)} >= ${inspect(expected)}`, msg);
}

/** Asserts that `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) raise(`Expected ${inspect(actual)} < ${inspect(expected)}`, msg);
}

/** Asserts that `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual <= expected)) raise(`Expected ${inspect(actual)} <= ${inspect(expected)}`, msg);
}

/** Asserts that a value is an error of a class, whose message holds or matches something. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: Class<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) raise(`Expected an Error, got ${inspect(error)}`, msg);
  if (ErrorClass && !(error instanceof ErrorClass)) {
    raise(`Expected a ${ErrorClass.name}, got ${error.constructor.name}: ${error.message}`, msg);
  }
  if (typeof msgMatches === "string") assertStringIncludes(error.message, msgMatches, msg);
  if (msgMatches instanceof RegExp) assertMatch(error.message, msgMatches, msg);
}

/** Asserts that a function throws; returns what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Asserts that a function throws an error of a class whose message holds a text; returns the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: Class<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  classOrMsg?: Class<Error> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  try {
    fn();
  } catch (error) {
    return checked(error, classOrMsg, msgIncludes, msg);
  }
  raise("Expected the function to throw", typeof classOrMsg === "string" ? classOrMsg : msg);
}

/** Asserts that a function's promise rejects; returns what it rejected with. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** Asserts that a function's promise rejects with an error of a class whose message holds a text; returns the error. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: Class<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: Class<Error> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const said = typeof classOrMsg === "string" ? classOrMsg : msg;
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (error) {
    raise(`Expected the function to reject, but it threw ${inspect(error)}`, said);
  }
  if (typeof promise?.then !== "function") raise("Expected the function to return a promise", said);
  try {
    await promise;
  } catch (error) {
    return checked(error, classOrMsg, msgIncludes, msg);
  }
  raise("Expected the promise to reject", said);
}

function checked(error: unknown, classOrMsg?: Class<Error> | string, msgIncludes?: string, msg?: string): unknown {
  if (typeof classOrMsg === "function") assertIsError(error, classOrMsg, msgIncludes, msg);
  return error;
}

/** Fails. */
export function fail(msg?: string): never {
  raise("Failed", msg);
}

/** Fails: this line must not be reached. */
export function unreachable(reason?: string): never {
  raise("Unreachable", reason);
}
