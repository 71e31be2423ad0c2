/**
 * A treemap of a bundle, as one page of HTML without scripts.
 *
 * @module
 */

import type { BundlePart } from "./parts.ts";

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const WHOLE: Box = { x: 0, y: 0, width: 100, height: 100 };

const STYLE = `body{margin:0;font:13px/1.4 system-ui,sans-serif;background:#f6f4ee;color:#22301f}
h1{font-size:16px;margin:12px 16px}
main{position:relative;margin:0 16px;height:calc(100vh - 64px)}
div{position:absolute;box-sizing:border-box;overflow:hidden;border:1px solid #f6f4ee;padding:2px 4px}
section{position:absolute;inset:24px 1px 1px}
.part{white-space:nowrap}.part{background:#c9d8bd}.other{background:#e2d5c0}
.module{background:rgba(255,255,255,.45);font-size:11px;white-space:nowrap}`;

/**
 * Draws a bundle.
 *
 * @param title What it is.
 * @param parts Its parts.
 * @returns The page.
 */
export function treemap(title: string, parts: readonly BundlePart[]): string {
  const kept = parts.filter(({ size }) => size > 0);
  const boxes = layout(kept.map(({ size }) => size), WHOLE);
  const body = kept.map(({ name, own, size, modules }, i) => {
    const inner = modules.filter((module) => module.size > 0);
    const places = layout(inner.map((module) => module.size), WHOLE);
    const children = inner.map(({ path, size }, j) =>
      `<div class="module" style="${css(places[j]!)}" title="${escape(path)}: ${size} bytes">${
        escape(path.split("/").at(-1)!)
      }</div>`
    );
    return `<div class="${own ? "part" : "part other"}" style="${css(boxes[i]!)}" title="${
      escape(name)
    }: ${size} bytes">` +
      `<b>${escape(name)}</b> ${(size / 1000).toFixed(1)} kB<section>${children.join("")}</section></div>`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escape(title)}</title>
<style>${STYLE}</style>
<h1>${escape(title)}</h1>
<main>${body.join("\n")}</main>
</html>
`;
}

/**
 * Divides a box among sizes, the largest first: each half of the sum gets one half of the longer side, and so on.
 *
 * @param sizes The sizes, from the largest.
 * @param box The box.
 * @returns A box for each.
 */
export function layout(sizes: readonly number[], box: Box): Box[] {
  if (sizes.length <= 1) return sizes.map(() => box);
  const sum = sizes.reduce((sum, size) => sum + size, 0);
  let first = 0;
  let count = 0;
  while (count < sizes.length - 1 && (count === 0 || first + sizes[count]! / 2 <= sum / 2)) first += sizes[count++]!;
  const share = first / sum;
  const { x, y, width, height } = box;
  const [one, other] = width >= height
    ? [{ ...box, width: width * share }, { ...box, x: x + width * share, width: width * (1 - share) }]
    : [{ ...box, height: height * share }, { ...box, y: y + height * share, height: height * (1 - share) }];
  return [...layout(sizes.slice(0, count), one), ...layout(sizes.slice(count), other)];
}

function css({ x, y, width, height }: Box): string {
  const percent = (value: number): string => `${value.toFixed(3)}%`;
  return `left:${percent(x)};top:${percent(y)};width:${percent(width)};height:${percent(height)}`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
