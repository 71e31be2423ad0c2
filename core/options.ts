/**
 * Options: every factory declares them as a JSON Schema and refuses bad ones in one sentence.
 *
 * @module
 */

/** What every schema may say of itself. */
export interface Described {
  /** What the option means, for editors and `--help`. */
  readonly description?: string;
}

/** The schema of a number. */
export interface NumberSchema extends Described {
  /** Whether fractions are allowed. */
  readonly type: "integer" | "number";
  /** The least. */
  readonly minimum?: number;
  /** The most. */
  readonly maximum?: number;
}

/** The schema of a boolean. */
export interface BooleanSchema extends Described {
  /** A boolean. */
  readonly type: "boolean";
}

/** The schema of a text. */
export interface StringSchema<T extends string = string> extends Described {
  /** A text. */
  readonly type: "string";
  /** A regular expression that it must match. */
  readonly pattern?: string;
  /** The texts that are allowed. */
  readonly enum?: readonly T[];
  /** Good ones; the first stands in the error's sentence. */
  readonly examples?: readonly string[];
}

/** The schema of a list. */
export interface ArraySchema<E> extends Described {
  /** A list. */
  readonly type: "array";
  /** What each of its elements is. */
  readonly items: OptionSchema<E>;
}

/** The JSON Schema that describes one option of type `T`; objects and functions are only described. */
export type OptionSchema<T> = [T] extends [number] ? NumberSchema
  : [T] extends [boolean] ? BooleanSchema
  : [T] extends [string] ? StringSchema<T>
  : [T] extends [readonly (infer E)[]] ? ArraySchema<E>
  : Described;

/** The JSON Schema that describes the options `T`, one entry for every option. */
export interface OptionsSchema<T extends object> {
  /** Options are an object. */
  readonly type: "object";
  /** An option that is not listed is refused. */
  readonly additionalProperties: false;
  /** Options that must be given. */
  readonly required?: readonly (keyof T & string)[];
  /** Every option. */
  readonly properties: { readonly [K in keyof T & string]-?: OptionSchema<Exclude<T[K], undefined>> };
}

interface Rule {
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly examples?: readonly string[];
  readonly items?: Rule;
}

/**
 * Refuses options that do not fit their schema.
 *
 * @param owner Whose options, such as `"udp"`.
 * @param schema What they must fit.
 * @param options The options.
 * @throws {TypeError} When one is missing, unknown or of another type.
 * @throws {RangeError} When one is out of its range.
 */
export function checkOptions<T extends object>(owner: string, schema: OptionsSchema<T>, options: T): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${owner}(): options must be an object, not ${show(options)}`);
  }
  const rules = schema.properties as Readonly<Record<string, Rule>>;
  const given = options as Readonly<Record<string, unknown>>;
  for (const key of schema.required ?? []) {
    if (given[key] === undefined) throw new TypeError(`${owner}(): option "${key}" is required`);
  }
  for (const key of Object.keys(given)) {
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
    if (!rule) {
      throw new TypeError(
        `${owner}(): there is no option "${key}" (there is ${Object.keys(rules).join(", ") || "none"})`,
      );
    }
    const value = given[key];
    if (value !== undefined && !fits(rule, value)) {
      const kind = isOfType(rule, value) ? RangeError : TypeError;
      throw new kind(`${owner}(): option "${key}" must be ${wanted(rule)}, not ${show(value)}`);
    }
  }
}

function isOfType(rule: Rule, value: unknown): boolean {
  switch (rule.type) {
    case undefined:
      return true;
    case "integer":
    case "number":
      return typeof value === "number";
    case "array":
      return Array.isArray(value);
    default:
      // deno-lint-ignore valid-typeof -- what is left is "boolean" or "string"
      return typeof value === rule.type;
  }
}

function fits(rule: Rule, value: unknown): boolean {
  if (!isOfType(rule, value)) return false;
  if (rule.enum && !rule.enum.includes(value)) return false;
  if (typeof value === "number" && rule.type) {
    return (rule.type === "number" ? !Number.isNaN(value) : Number.isInteger(value)) &&
      value >= (rule.minimum ?? -Infinity) && value <= (rule.maximum ?? Infinity);
  }
  if (typeof value === "string") return !rule.pattern || new RegExp(rule.pattern, "u").test(value);
  const items = rule.items;
  return !items || (value as unknown[]).every((item) => fits(items, item));
}

function wanted(rule: Rule): string {
  if (rule.enum) return `one of ${rule.enum.join(", ")}`;
  if (rule.items) return `a list, each ${wanted(rule.items)}`;
  let text = `a${rule.type === "integer" ? "n" : ""} ${rule.type}`;
  if (rule.minimum !== undefined) text += ` of at least ${rule.minimum}`;
  if (rule.maximum !== undefined) text += `${rule.minimum === undefined ? " of" : " and"} at most ${rule.maximum}`;
  if (rule.examples) text += ` such as ${show(rule.examples[0])}`;
  else if (rule.pattern) text += ` like ${rule.pattern}`;
  return text;
}

function show(value: unknown): string {
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  if (typeof value === "bigint" || typeof value === "number" || value === undefined) return String(value);
  try {
    const text = JSON.stringify(value) ?? String(value);
    return text.length > 60 ? `${text.slice(0, 57)}…` : text;
  } catch {
    return `a ${typeof value}`;
  }
}
