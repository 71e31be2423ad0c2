/**
 * What apps weigh: the apps of examples/sizes/, bundled.
 *
 * @module
 */

import { sizes as weigh } from "../tests/checks/sizes.ts";
import type { Inventory } from "./scenario.ts";

/** The sizes. */
export const sizes: Inventory = {
  name: "sizes",
  title: "Sizes of apps, minified by esbuild and gzipped; 1 kB is 1000 bytes",
  list: async () => [
    ["app", "min kB", "min+gzip kB", "budget kB"],
    ...(await weigh()).map(({ path, minified, gzipped, budget }) => [
      path,
      (minified / 1000).toFixed(1),
      (gzipped / 1000).toFixed(1),
      String(budget / 1000),
    ]),
  ],
};
