/**
 * The words of a display filter.
 *
 * @module
 */

/** Says that a text is no filter. */
export class FilterError extends SyntaxError {
  /** Its kind. */
  override readonly name: string = "FilterError";
}

/** The words of a filter, one after the other. */
export class FilterTokens {
  readonly #text: string;
  readonly #words: string[];
  #at: number = 0;

  /**
   * Splits a filter.
   *
   * @param text The filter.
   * @throws {FilterError} When it holds what the language does not know.
   */
  constructor(text: string) {
    this.#text = text;
    this.#words = [];
    const word = /\s*(?:([!=<>]=|&&|\|\||[!<>(){},])|([\w.:/-]+)|(\S))/gy;
    for (const [, sign, name, other] of text.matchAll(word)) {
      if (other !== undefined) this.fail(`"${other}" means nothing here`);
      this.#words.push(sign ?? name!);
    }
  }

  /** The next word; empty at the end. */
  get next(): string {
    return this.#words[this.#at] ?? "";
  }

  /** Takes the next word; empty at the end. */
  take(): string {
    const word = this.next;
    this.#at++;
    return word;
  }

  /**
   * Takes a word if it comes next.
   *
   * @param word The word.
   * @returns Whether it came.
   */
  accept(word: string): boolean {
    if (this.next !== word) return false;
    this.#at++;
    return true;
  }

  /**
   * Takes a word that must come next.
   *
   * @param word The word.
   * @throws {FilterError} When another one comes.
   */
  expect(word: string): void {
    if (!this.accept(word)) this.fail(`"${word}" is missing`);
  }

  /**
   * Says that the text is no filter.
   *
   * @param why Why, after a colon.
   * @throws {FilterError} Always.
   */
  fail(why: string): never {
    throw new FilterError(`Cannot read the filter "${this.#text}": ${why}`);
  }
}
