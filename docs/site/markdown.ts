/**
 * From the guides of the tree to pages: Markdown becomes HTML, and links between files become links between pages.
 *
 * @module
 */

import { Marked } from "marked";
import { posix } from "node:path";
import { escapeHtml } from "./page.ts";

/** A guide, as it stands in the tree. */
export interface Guide {
  /** Its path, from the root of the tree. */
  readonly path: string;
  /** Its text, in Markdown. */
  readonly text: string;
}

/** A page of the site. */
export interface Page {
  /** Its path, from the root of the site. */
  readonly path: string;
  /** Its title. */
  readonly title: string;
  /** What it holds. */
  readonly html: string;
}

/** The guides, and what they link to. */
export class Guides {
  /** The images that they show, by their paths in the tree. */
  readonly images: Set<string> = new Set();
  /** Files and folders of the tree that they link to. */
  readonly sources: Set<string> = new Set();
  /** The title of each page, and its path. */
  readonly menu: readonly (readonly [title: string, path: string])[];
  readonly #guides: readonly Guide[];

  constructor(guides: readonly Guide[]) {
    this.#guides = guides;
    this.menu = guides.map(({ path, text }) => [titleOf(text), pageOf(path)]);
  }

  /** Makes the pages. */
  pages(): Page[] {
    return this.#guides.map(({ path, text }) => {
      const page = pageOf(path);
      return { path: page, title: titleOf(text), html: this.#render(path, page, text) };
    });
  }

  /** The path of the page that shows a file or a folder of the tree. */
  sourcePage(path: string): string {
    return `source/${path}.html`;
  }

  /** What such a page holds. */
  source(path: string, text: string): string {
    return `<h1>${escapeHtml(path)}</h1>\n<pre><code>${escapeHtml(text)}</code></pre>`;
  }

  #render(path: string, page: string, text: string): string {
    const marked = new Marked({
      walkTokens: (token) => {
        if (token.type === "link") token.href = this.#target(token.href, path, page);
        if (token.type === "image") {
          const image = posix.join(posix.dirname(path), token.href);
          this.images.add(image);
          token.href = relative(page, image);
        }
      },
      renderer: {
        heading({ tokens, depth, text }) {
          return `<h${depth} id="${slug(text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
        },
      },
    });
    return marked.parse(text, { async: false });
  }

  /** Where a link leads on the site. */
  #target(href: string, from: string, page: string): string {
    if (/^[a-z]+:/i.test(href) || href.startsWith("#")) return href;
    const [file = "", hash] = href.split("#");
    const path = posix.join(posix.dirname(from), file).replace(/\/$/, "");
    const isGuide = this.#guides.some((guide) => guide.path === path);
    if (!isGuide) this.sources.add(path);
    return relative(page, isGuide ? pageOf(path) : this.sourcePage(path)) + (hash === undefined ? "" : `#${hash}`);
  }
}

/** The path from a page to another file of the site. */
export function relative(page: string, target: string): string {
  return posix.relative(posix.dirname(page), target);
}

function pageOf(path: string): string {
  return path === "README.md" ? "index.html" : path.toLowerCase().replace(/\.md$/, ".html");
}

function titleOf(text: string): string {
  return /^# (.+)$/m.exec(text)?.[1] ?? "";
}

/** The name of a heading, as readers of the files in a repository know it. */
function slug(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replace(/\s/g, "-");
}
