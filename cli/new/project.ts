/**
 * The files of a new app.
 *
 * @module
 */

import { PACKAGE } from "../package_info.ts";
import { FILES } from "./files.ts";
import { type Task, TEMPLATES } from "./templates.ts";

/** What the templates are called inside. */
const PLACEHOLDER = "my-app";
/** What their READMEs say of Bun, which has the package from JSR. */
const FROM_JSR = `bunx jsr add ${PACKAGE.name}`;
const installing = (command: string): string => `\nWith Bun get the packages first: \`${command}\`.\n`;

/**
 * Tells how Bun gets the packages of an app.
 *
 * @param template The name of the template.
 * @param clone Whether the app uses a clone of the package.
 * @returns The command; empty when there is nothing to get.
 */
export function installCommand(template: string, clone: boolean): string {
  if (!clone) return FROM_JSR;
  return TEMPLATES[template]!.packages ? "bun install" : "";
}

/**
 * Makes the files of an app.
 *
 * @param template The name of the template.
 * @param name The name of the app.
 * @param clone The path from the app to a clone of the package, which it is to use in place of what is on JSR.
 * @returns Their texts, by path.
 */
export function project(template: string, name: string, clone?: string): Record<string, string> {
  const files: Record<string, string> = {
    "deno.json": denoJson(template, name, clone),
    "package.json": packageJson(template, name),
    ".gitignore": "node_modules/\n",
  };
  for (const [path, lines] of Object.entries(FILES[template]!)) {
    files[path] = lines.join("\n").replaceAll(PLACEHOLDER, name);
  }
  if (clone !== undefined) {
    files["tsconfig.json"] = tsconfigJson(clone);
    const command = installCommand(template, true);
    files["README.md"] = files["README.md"]!
      .replace(installing(FROM_JSR), command && installing(command))
      .replace(`https://jsr.io/${PACKAGE.name}`, clone);
  }
  return files;
}

function tasks(template: string, line: (task: Task) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(TEMPLATES[template]!.tasks).map(([name, task]) => [name, line(task)]));
}

function denoJson(template: string, name: string, clone?: string): string {
  const { packages = [], published } = TEMPLATES[template]!;
  return json({
    ...(published && { name: `@you/${name}`, version: "0.1.0", license: "MIT", exports: "./mod.ts" }),
    tasks: tasks(template, ({ run, allow }) => {
      const [command, file] = run === "test" ? ["test", ""] : ["run", ` ${run}`];
      return `deno ${command}${allow ? ` ${allow}` : ""}${file}`;
    }),
    imports: {
      [PACKAGE.name]: `jsr:${PACKAGE.name}@^${PACKAGE.version}`,
      ...Object.fromEntries(packages.map((name) => [name, PACKAGE.imports[name]])),
    },
    ...(clone !== undefined && { links: [clone] }),
    // What Bun installs is Bun's.
    nodeModulesDir: "none",
    fmt: { lineWidth: 120 },
    compilerOptions: { noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true },
  });
}

function packageJson(template: string, name: string): string {
  const { packages = [] } = TEMPLATES[template]!;
  return json({
    name,
    private: true,
    type: "module",
    scripts: tasks(template, ({ run }) => `bun ${run}`),
    // Not bonsai: JSR's own command puts it here for Bun, and Deno has it from deno.json.
    ...(packages.length > 0 && {
      dependencies: Object.fromEntries(packages.map((name) => [name, PACKAGE.imports[name]!.split("@").at(-1)])),
    }),
  });
}

/** Bun reads where modules are from here. */
function tsconfigJson(clone: string): string {
  const { name } = PACKAGE;
  const paths = { [name]: [`${clone}/mod.ts`], [`${name}/*`]: [`${clone}/*.ts`, `${clone}/*/mod.ts`] };
  return json({ compilerOptions: { paths } });
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2) + "\n";
}
