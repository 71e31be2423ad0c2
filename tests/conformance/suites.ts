// Every case, by what it speaks: IP packets, or Ethernet frames.

import { CASES } from "./cases.ts";
import { ETHERNET_CASES } from "./ethernet_cases.ts";
import { IPV6_CASES } from "./ipv6_cases.ts";
import { MORE_CASES } from "./more_cases.ts";
import { RECOVERY_CASES } from "./recovery_cases.ts";
import { SENDING_CASES } from "./sending_cases.ts";
import { STATE_CASES } from "./state_cases.ts";
import { TIMESTAMP_CASES } from "./timestamp_cases.ts";

/** Cases over IP; the last tells the kernel of a small MTU, which it remembers. */
export const OVER_IP = [
  ...RECOVERY_CASES,
  ...SENDING_CASES,
  ...TIMESTAMP_CASES,
  ...STATE_CASES,
  ...MORE_CASES,
  ...CASES,
];
/** Cases over Ethernet. */
export const OVER_ETHERNET = [...ETHERNET_CASES, ...IPV6_CASES];
