/**
 * What every page of the site has around its text.
 *
 * @module
 */

import { relative } from "./markdown.ts";

/** The looks of the pages. */
export const STYLE = `body{margin:0;font:16px/1.55 system-ui,sans-serif;color:#22301f;background:#fdfcf8}
nav{padding:1.2rem;background:#eef1e6;font-size:14px}
nav a{display:block;padding:.15rem 0}nav b{display:block;margin-bottom:.5rem}
main{padding:1rem 1.5rem 4rem;max-width:62rem;min-width:0}
a{color:#2f6a3a}img{max-width:100%}
pre{padding:.8rem 1rem;overflow-x:auto;background:#f2f1ea;border-radius:6px;line-height:1.4}
code{font:13.5px/1.4 ui-monospace,monospace}:not(pre)>code{background:#f2f1ea;padding:.1em .3em;border-radius:4px}
table{border-collapse:collapse;display:block;overflow-x:auto}td,th{border:1px solid #d9dccf;padding:.25rem .6rem}
@media(min-width:60rem){body{display:grid;grid-template-columns:16rem 1fr}nav{min-height:100vh;box-sizing:border-box}}
@media(prefers-color-scheme:dark){body{color:#dfe6d8;background:#171b15}nav,pre,:not(pre)>code{background:#222820}
a{color:#8cc896}td,th{border-color:#3a4236}}
`;

/**
 * Makes a page.
 *
 * @param path Its path, from the root of the site.
 * @param title Its title.
 * @param html What it holds.
 * @param menu The title of each guide, and the path of its page.
 */
export function frame(
  path: string,
  title: string,
  html: string,
  menu: readonly (readonly [title: string, path: string])[],
): string {
  const made = [["The command line", "commands.html"], ["API", "api/index.html"]] as const;
  const entries = [...menu, ...made].map(([title, target]) =>
    `<a href="${relative(path, target)}"${target === path ? ' aria-current="page"' : ""}>${escapeHtml(title)}</a>`
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<link rel="stylesheet" href="${relative(path, "style.css")}">
<nav><b>@bonsai/net</b>${entries.join("")}</nav>
<main>
${html}</main>
</html>
`;
}

/** Writes text as HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
