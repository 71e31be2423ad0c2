/**
 * Opens a device, run without the right to call the C library.
 *
 * @module
 */

import type { NetError } from "../../core/net_error.ts";
import { tap } from "../../drivers/tap.ts";

try {
  tap("bt0");
} catch (error) {
  console.log((error as NetError).code, (error as NetError).message);
}
