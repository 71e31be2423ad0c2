/**
 * Questions on the terminal, for what was left out.
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline";
import { Interrupted } from "../command.ts";

/** Whether somebody is there to answer. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/**
 * Asks on standard error, so that standard output holds results alone.
 *
 * @param question What to ask.
 * @returns The answer, without space around it.
 * @throws {Interrupted} After Ctrl-C or Ctrl-D.
 */
export function ask(question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    let answered = false;
    lines.on("SIGINT", () => lines.close());
    lines.on("close", () => {
      if (answered) return;
      process.stderr.write("\n");
      reject(new Interrupted());
    });
    lines.question(question, (answer) => {
      answered = true;
      lines.close();
      resolve(answer.trim());
    });
  });
}
