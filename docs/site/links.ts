/**
 * Whether the links of a site lead anywhere.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";

const LINK = /\s(?:href|src)="([^"]*)"/g;
const ID = /\sid="([^"]*)"/g;

/**
 * Names the links that lead nowhere. Those that leave the site are not followed.
 *
 * @param folder The site.
 * @returns One line for each.
 */
export function brokenLinks(folder: string): string[] {
  const files = new Set(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/")),
  );
  const known = new Map<string, Set<string>>();
  const idsOf = (path: string): Set<string> => {
    let ids = known.get(path);
    if (!ids) known.set(path, ids = attributes(readFileSync(join(folder, path), "utf8"), ID));
    return ids;
  };
  const faults: string[] = [];
  for (const page of files) {
    if (!page.endsWith(".html")) continue;
    for (const href of attributes(readFileSync(join(folder, page), "utf8"), LINK)) {
      if (/^[a-z]+:/i.test(href) || href === "") continue;
      const [path = "", hash] = href.split("#");
      let target = path === "" ? page : posix.join(posix.dirname(page), decodeURIComponent(path));
      if (path.endsWith("/")) target = posix.join(target, "index.html");
      if (!files.has(target)) faults.push(`${page}: there is no ${href}`);
      // What `deno doc` links within one page is its own affair: it names type parameters that it gives no place.
      else if (hash && !(page.startsWith("api/") && target === page) && !idsOf(target).has(decodeURIComponent(hash))) {
        faults.push(`${page}: there is no #${hash} in ${target}`);
      }
    }
  }
  return faults;
}

/** The values of an attribute. */
function attributes(html: string, attribute: RegExp): Set<string> {
  return new Set(html.matchAll(attribute).map(([, value]) => decode(value!)));
}

function decode(text: string): string {
  return text.replace(/&#x([0-9a-f]+);/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))).replaceAll("&amp;", "&");
}
