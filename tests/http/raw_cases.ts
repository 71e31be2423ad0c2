/** All raw cases. */

import { CONNECTION_CASES } from "./connection_cases.ts";
import { FIELD_CASES } from "./field_cases.ts";
import { FRAMING_CASES } from "./framing_cases.ts";
import { LISTED_CASES } from "./listed_cases.ts";
import type { RawCase } from "./raw_case.ts";
import { START_LINE_CASES } from "./start_line_cases.ts";

export const RAW_CASES: RawCase[] = [
  ...START_LINE_CASES,
  ...FIELD_CASES,
  ...FRAMING_CASES,
  ...CONNECTION_CASES,
  ...LISTED_CASES,
];
