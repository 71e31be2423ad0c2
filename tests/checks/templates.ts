/**
 * The files of examples/templates/ are what `new` carries inside. With `--write` they are put there.
 *
 * @module
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TEMPLATES } from "../../cli/new/templates.ts";
import { conclude, read, ROOT } from "./tree.ts";

const FOLDER = "examples/templates";
const TARGET = "cli/new/files.ts";

function wanted(): string {
  const files = Object.fromEntries(
    Object.keys(TEMPLATES).map((template) => {
      const folder = join(ROOT, FOLDER, template);
      const names = readdirSync(folder).sort();
      return [template, Object.fromEntries(names.map((name) => [name, lines(join(folder, name))]))];
    }),
  );
  return `/**
 * The files of the templates, line by line. \`deno task templates\` makes this module from ${FOLDER}/.
 *
 * @module
 */

// deno-fmt-ignore-file

/** The lines of each file, by template and path. */
export const FILES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = ${
    JSON.stringify(files, null, 2)
  };
`;
}

function lines(path: string): string[] {
  return readFileSync(path, "utf8").split("\n");
}

/** What is not as in examples/templates/. */
export function templateFaults(): string[] {
  return read(TARGET) === wanted() ? [] : [`${TARGET} is not what ${FOLDER}/ holds: run deno task templates`];
}

if (import.meta.main) {
  if (process.argv.includes("--write")) writeFileSync(join(ROOT, TARGET), wanted());
  conclude("templates", templateFaults());
}
