/**
 * The content of a message on its way in, as the app reads it: in whole or as a stream. What the app does not read stays
 * with TCP, whose window closes.
 *
 * @module
 */

import type { ContentReader } from "./content_reader.ts";

/** Bytes that a stream hands on at once, at most. */
const CHUNK = 65_536;
/** Bytes to begin with when the length is not known. */
const FIRST = 4096;

/** Who hears how an app reads content. */
export interface ContentSource {
  /** The app waits for content. */
  contentAwaited?(): void;
  /** All content was read. */
  contentEnded(): void;
  /**
   * The content is malformed or cut off.
   *
   * @returns What to tell the app.
   */
  contentFailed(): unknown;
  /** The app wants no more of it. */
  contentCancelled?(): void;
}

/** Content on its way in. */
export class IncomingContent {
  /** Whether the app has read of it. */
  used: boolean = false;
  /** What takes it off the connection. */
  readonly reader: ContentReader;
  readonly #source: ContentSource;
  #resume: (() => void) | null = null;
  #stream: ReadableStream<Uint8Array<ArrayBuffer>> | null = null;
  #failure: { readonly error: unknown } | null = null;

  /**
   * Makes the content readable.
   *
   * @param reader What takes it off the connection.
   * @param source Who hears how it is read.
   */
  constructor(reader: ContentReader, source: ContentSource) {
    this.reader = reader;
    this.#source = source;
  }

  /** Whether the app waits for it. */
  get awaited(): boolean {
    return this.#resume !== null;
  }

  /** More has come, or the connection has ended. */
  wake(): void {
    const resume = this.#resume;
    this.#resume = null;
    resume?.();
  }

  /**
   * Ends it: what the app has not read, it will not get.
   *
   * @param error Why.
   */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.wake();
  }

  /** Reads all of it. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.used || this.#stream?.locked) throw new TypeError("Cannot read the body: it was read already");
    this.used = true;
    const { reader } = this;
    let buffer = new Uint8Array(reader.left > CHUNK ? FIRST : reader.left);
    let size = 0;
    for (;;) {
      size += this.#read(buffer, size);
      if (reader.ended) return size === buffer.length ? buffer : buffer.slice(0, size);
      if (size < buffer.length) await this.#more();
      else {
        // Not at once as large as it says it is: saying costs nothing.
        const larger = new Uint8Array(Math.min(size + reader.left, Math.max(size * 2, size + reader.available)));
        larger.set(buffer);
        buffer = larger;
      }
    }
  }

  /** All of it as a stream. */
  get stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#stream ??= new ReadableStream({
      type: "bytes",
      pull: (controller) => this.#pull(controller),
      cancel: () => {
        this.used = true;
        this.#source.contentCancelled?.();
      },
    });
  }

  async #pull(controller: ReadableByteStreamController): Promise<void> {
    this.used = true;
    for (;;) {
      const chunk = new Uint8Array(Math.min(CHUNK, this.reader.available, this.reader.left));
      const size = this.#read(chunk, 0);
      if (size > 0) controller.enqueue(size === chunk.length ? chunk : chunk.slice(0, size));
      if (this.reader.ended) {
        controller.close();
        controller.byobRequest?.respond(0);
        return;
      }
      if (size > 0) return;
      await this.#more();
    }
  }

  #read(target: Uint8Array, at: number): number {
    if (this.#failure) throw this.#failure.error;
    const { reader } = this;
    if (reader.ended) return 0;
    const size = reader.read(target, at);
    if (reader.ended) this.#source.contentEnded();
    else if (reader.reason) {
      this.fail(this.#source.contentFailed());
      throw this.#failure!.error;
    }
    return size;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve;
      this.#source.contentAwaited?.();
    });
  }
}
