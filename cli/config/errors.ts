/**
 * What TypeBox finds wrong with data, each in one sentence with its path.
 *
 * @module
 */

import Schema from "typebox/schema";
import { didYouMean } from "../suggest.ts";

/** One thing that is wrong. */
export interface ConfigError {
  /** Where, such as `protocols[2].ipv4.address`; empty for the whole. */
  readonly path: string;
  /** What, in a sentence. */
  readonly message: string;
}

/** As much of a JSON Schema as is read here. */
interface Rule {
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly examples?: readonly unknown[];
  readonly items?: Rule;
  readonly properties?: Readonly<Record<string, Rule>>;
}

/**
 * Validates data.
 *
 * @param schema The JSON Schema.
 * @param value The data.
 * @param at The path of the data.
 * @returns What is wrong, one error for each place.
 */
export function validate(schema: object, value: unknown, at: string): ConfigError[] {
  const [, found] = Schema.Errors(schema as Parameters<typeof Schema.Errors>[0], value);
  const errors: ConfigError[] = [];
  for (const { keyword, instancePath, params } of found as readonly Found[]) {
    const steps = instancePath.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
    const rule = steps.reduce<Rule | undefined>(
      (rule, step) => rule?.items ?? rule?.properties?.[step],
      schema as Rule,
    );
    const here = steps.reduce<unknown>((value, step) => (value as Record<string, unknown>)?.[step], value);
    const path = join(at, steps);
    const { requiredProperties = [], additionalProperties = [], allowedValues = [] } = params;
    switch (keyword) {
      case "required":
        for (const name of requiredProperties) errors.push({ path: join(path, [name]), message: "is required" });
        break;
      case "additionalProperties": {
        const known = Object.keys(rule?.properties ?? {});
        for (const name of additionalProperties) {
          errors.push({ path: join(path, [name]), message: unknown(name, known) });
        }
        break;
      }
      case "enum":
        errors.push({ path, message: `must be one of ${allowedValues.join(", ")}, not ${show(here)}` });
        break;
      case "boolean":
        // Said by "additionalProperties" already.
        break;
      default:
        if (errors.at(-1)?.path !== path) errors.push({ path, message: `must be ${wanted(rule)}, not ${show(here)}` });
    }
  }
  return errors;
}

interface Found {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: {
    readonly requiredProperties?: readonly string[];
    readonly additionalProperties?: readonly string[];
    readonly allowedValues?: readonly unknown[];
  };
}

/**
 * Says that a name is not known.
 *
 * @param name The name.
 * @param known Those that are.
 */
export function unknown(name: string, known: readonly string[]): string {
  return `is unknown${didYouMean(name, known) || (known.length > 0 ? ` (there is ${known.join(", ")})` : "")}`;
}

/**
 * Goes on with a path.
 *
 * @param path The path.
 * @param steps Names and numbers.
 */
export function join(path: string, steps: readonly string[]): string {
  return steps.reduce(
    (path, step) =>
      /^\d+$/.test(step)
        ? `${path}[${step}]`
        : /^[\w$]+$/.test(step)
        ? path ? `${path}.${step}` : step
        : `${path}[${JSON.stringify(step)}]`,
    path,
  );
}

function wanted({ type = "something else", minimum, maximum, examples, items }: Rule = {}): string {
  if (items) return `a list, each ${wanted(items)}`;
  const word = type === "string" ? "text" : type === "array" ? "list" : type;
  let text = `${/^[aeiou]/.test(word) ? "an" : "a"} ${word}`;
  if (minimum !== undefined) text += ` of at least ${minimum}`;
  if (maximum !== undefined) text += `${minimum === undefined ? " of" : " and"} at most ${maximum}`;
  return text + (examples ? ` such as ${show(examples[0])}` : "");
}

/**
 * Writes a value for a message.
 *
 * @param value The value.
 */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
