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

/** Any schema of an option. */
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
  const refuse = (kind: ErrorConstructor, what: string): never => {
    throw new kind(`${owner}(): ${what}`);
  };
  if (typeof options !== "object" || !options) refuse(TypeError, `options must be an object, not ${show(options)}`);
  const rules = schema.properties as Readonly<Record<string, Rule>>;
  const given = options as Readonly<Record<string, unknown>>;
  for (const key of schema.required ?? []) {
    if (given[key] === undefined) refuse(TypeError, `option "${key}" is required`);
  }
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(rules, key)) {
      refuse(TypeError, `there is no option "${key}" (there is ${Object.keys(rules).join(", ") || "none"})`);
    }
    const rule = rules[key]!;
    const value = given[key];
    if (value !== undefined && !fits(rule, value)) {
      const kind = isOfType(rule, value) ? RangeError : TypeError;
      refuse(kind, `option "${key}" must be ${wanted(rule)}, not ${show(value)}`);
    }
  }
}

function isOfType({ type }: Rule, value: unknown): boolean {
  if (type === "array") return Array.isArray(value);
  return !type || typeof value === (type === "integer" ? "number" : type);
}

function fits(rule: Rule, value: unknown): boolean {
  const { type, minimum = -Infinity, maximum = Infinity, pattern, items } = rule;
  if (!isOfType(rule, value) || rule.enum && !rule.enum.includes(value)) return false;
  if (type && typeof value === "number") {
    // NaN is in no range, and no remainder of infinity is 0.
    return (type === "number" || value % 1 === 0) && value >= minimum && value <= maximum;
  }
  if (pattern) return new RegExp(pattern, "u").test(value as string);
  return !items || (value as unknown[]).every((item) => fits(items, item));
}

function wanted({ type, minimum, maximum, pattern, examples, items, enum: allowed }: Rule): string {
  if (allowed) return `one of ${allowed.join(", ")}`;
  if (items) return `a list, each ${wanted(items)}`;
  let text = `a${type === "integer" ? "n" : ""} ${type}`;
  if (minimum !== undefined) text += ` of at least ${minimum}`;
  if (maximum !== undefined) text += `${minimum === undefined ? " of" : " and"} at most ${maximum}`;
  return text + (examples ? ` such as ${show(examples[0])}` : pattern ? ` like ${pattern}` : "");
}

function show(value: unknown): string {
  if (value === undefined || typeof value === "number") return String(value);
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // A bigint, or an object with a cycle.
  }
  // A function and a symbol are undefined in JSON.
  return text === undefined ? `a ${typeof value}` : text.slice(0, 60);
}
