/**
 * The JSON Schema of `bonsai.json`, for editors.
 *
 * @module
 */

import { DRIVERS, type Part, PLUGINS, PROTOCOLS, SERVE } from "./catalogue.ts";

/** Makes the schema. */
export function configSchema(): object {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "bonsai.json",
    description: "A stack of @bonsai/net, described as data",
    type: "object",
    additionalProperties: false,
    required: ["driver", "protocols"],
    properties: {
      $schema: { type: "string" },
      driver: { description: "Where packets enter and leave", ...part(DRIVERS) },
      protocols: { description: "The protocols, from the wire up", type: "array", items: part(PROTOCOLS) },
      plugins: { description: "What stands between the driver and the protocols", type: "array", items: part(PLUGINS) },
      app: { type: "string", description: "The module of the app: its default export answers requests" },
      serve: { ...SERVE, description: "How the app is served" },
    },
  };
}

/** A name, or an object of one name and its options. */
function part(known: Readonly<Record<string, Part<unknown>>>): object {
  const bare = Object.entries(known).filter(([, { schema }]) => !schema.required).map(([name]) => name);
  return {
    anyOf: [
      { enum: bare },
      { type: "string", pattern: "[:/].*#\\w+$", description: "An import specifier, #, and what the module exports" },
      {
        type: "object",
        minProperties: 1,
        maxProperties: 1,
        properties: Object.fromEntries(Object.entries(known).map(([name, { schema }]) => [name, schema])),
        patternProperties: { "[:/].*#\\w+$": { type: "object" } },
        additionalProperties: false,
      },
    ],
  };
}
