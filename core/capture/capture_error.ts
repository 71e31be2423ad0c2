/**
 * What is wrong with a capture file, and where.
 *
 * @module
 */

/** What is wrong with a capture file, and where. */
export class CaptureError extends Error {
  /** Its kind. */
  override readonly name: string = "CaptureError";
  /** Where the damage begins, in bytes from the front of the file. */
  readonly offset: number;

  /**
   * Makes an error.
   *
   * @param message What is wrong, in one sentence.
   * @param offset Where, in bytes.
   */
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}
