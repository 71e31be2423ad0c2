/**
 * Letting the host's own event loop have its turn.
 *
 * @module
 */

/** Calls back after the host's event loop has had its turn: promises, timers, I/O. */
export const yieldToHost: (callback: () => void) => void = /* @__PURE__ */ hostYield();

function hostYield(): (callback: () => void) => void {
  const immediate = (globalThis as { setImmediate?: (callback: () => void) => void }).setImmediate;
  if (immediate) return immediate;
  const queue: (() => void)[] = [];
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => queue.shift()!();
  return (callback) => {
    queue.push(callback);
    port2.postMessage(null);
  };
}
