/**
 * A small part of Wireshark's display-filter language: fields compared with numbers and addresses.
 *
 * ```text
 *    tcp.port == 80 && ip.src == 10.0.0.0/24        not arp and (udp.length > 100 or icmp)
 *    tcp.port in {80, 443, 8000..8080}              tcp.flags.syn == 1 && tcp.flags.ack == 0
 * ```
 *
 * What a field is, whoever compiles a filter says: the language knows none.
 *
 * @module
 */

import { compileComparison, type FilterOperator } from "./filter_comparison.ts";
import { FilterTokens } from "./filter_tokens.ts";

export { FilterError } from "./filter_tokens.ts";

/** What a field holds: a number, or an address as its bytes. */
export type FilterValue = number | Uint8Array;

/** Reads a field of a subject: all its values, none when it is not there. */
export type FilterField<S> = (subject: S) => readonly FilterValue[];

/** Tells whether a subject passes. */
export type Filter<S> = (subject: S) => boolean;

/**
 * Compiles a filter.
 *
 * @param text The filter.
 * @param lookup Finds a field by its name; null when there is none of it.
 * @returns What tells whether a subject passes.
 * @throws {FilterError} When the text is no filter, or names an unknown field.
 */
export function compileFilter<S>(text: string, lookup: (name: string) => FilterField<S> | null): Filter<S> {
  const parser = new Parser(new FilterTokens(text), lookup);
  return parser.whole();
}

const OPERATORS: Readonly<Record<string, FilterOperator>> = {
  "==": "==",
  eq: "==",
  "!=": "!=",
  ne: "!=",
  "<": "<",
  lt: "<",
  "<=": "<=",
  le: "<=",
  ">": ">",
  gt: ">",
  ">=": ">=",
  ge: ">=",
};

class Parser<S> {
  readonly #tokens: FilterTokens;
  readonly #lookup: (name: string) => FilterField<S> | null;
  #depth: number = 0;

  constructor(tokens: FilterTokens, lookup: (name: string) => FilterField<S> | null) {
    this.#tokens = tokens;
    this.#lookup = lookup;
  }

  whole(): Filter<S> {
    const filter = this.#or();
    if (this.#tokens.next !== "") this.#tokens.fail(`"${this.#tokens.next}" stands where the filter ends`);
    return filter;
  }

  #or(): Filter<S> {
    let filter = this.#and();
    while (this.#tokens.accept("||") || this.#tokens.accept("or")) {
      const [left, right] = [filter, this.#and()];
      filter = (subject) => left(subject) || right(subject);
    }
    return filter;
  }

  #and(): Filter<S> {
    let filter = this.#not();
    while (this.#tokens.accept("&&") || this.#tokens.accept("and")) {
      const [left, right] = [filter, this.#not()];
      filter = (subject) => left(subject) && right(subject);
    }
    return filter;
  }

  #not(): Filter<S> {
    if (++this.#depth > 100) this.#tokens.fail("the filter is nested too deep");
    let filter: Filter<S>;
    if (this.#tokens.accept("!") || this.#tokens.accept("not")) {
      const inner = this.#not();
      filter = (subject) => !inner(subject);
    } else if (this.#tokens.accept("(")) {
      filter = this.#or();
      this.#tokens.expect(")");
    } else filter = this.#test();
    this.#depth--;
    return filter;
  }

  /** A field, alone or compared. */
  #test(): Filter<S> {
    const name = this.#tokens.take();
    if (name === "") this.#tokens.fail("the filter ends where a field is missing");
    const field = this.#lookup(name);
    if (!field) this.#tokens.fail(`there is no field "${name}"`);
    if (this.#tokens.accept("in")) return this.#among(field);
    const operator = Object.hasOwn(OPERATORS, this.#tokens.next) ? OPERATORS[this.#tokens.take()]! : null;
    if (!operator) return (subject) => field(subject).length > 0;
    const matches = this.#comparison(operator);
    // As in Wireshark: "!=" holds when no value is equal, all else when one value fits.
    if (operator === "!=") return (subject) => field(subject).length > 0 && field(subject).every(matches);
    return (subject) => field(subject).some(matches);
  }

  /** `{80, 443, 8000..8080}` */
  #among(field: FilterField<S>): Filter<S> {
    this.#tokens.expect("{");
    const matches: ((value: FilterValue) => boolean)[] = [];
    do {
      this.#tokens.accept(",");
      const [low, high] = this.#tokens.next.split("..");
      if (high === undefined) matches.push(this.#comparison("=="));
      else {
        this.#tokens.take();
        const least = this.#compile(">=", low!);
        const most = this.#compile("<=", high);
        matches.push((value) => least(value) && most(value));
      }
    } while (!this.#tokens.accept("}"));
    return (subject) => field(subject).some((value) => matches.some((match) => match(value)));
  }

  #comparison(operator: FilterOperator): (value: FilterValue) => boolean {
    return this.#compile(operator, this.#tokens.take());
  }

  #compile(operator: FilterOperator, text: string): (value: FilterValue) => boolean {
    const matches = compileComparison(operator, text);
    if (!matches) this.#tokens.fail(text === "" ? "a value is missing" : `"${text}" is no number and no address`);
    return matches;
  }
}
