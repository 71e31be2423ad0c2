/**
 * One request and its response.
 *
 * @module
 */

import { NetError } from "../../core/net_error.ts";
import type { TcpConnection } from "../tcp.ts";
import { ContentReader } from "./content_reader.ts";
import { CHUNKED } from "./framing.ts";
import { type ContentSource, IncomingContent } from "./incoming_content.ts";
import { IncomingRequest } from "./incoming_request.ts";
import type { FieldList } from "./known_body.ts";
import { encodeOctets } from "./octets.ts";
import { join, readBeginning, sendContent } from "./outgoing_content.ts";
import { HandlerInfo, Outcome } from "./outcome.ts";
import type { RequestHead } from "./request_head.ts";
import { type After, PLAIN_TEXT, UNSAID } from "./response_writer.ts";
import type { ServerConnection } from "./server_connection.ts";
import type { ServerShared } from "./server_shared.ts";

/** Bytes of a stream that are waited for to know the length. */
const BEGINNING = 16_384;

/** One request and its response. */
export class Exchange implements ContentSource {
  /** The request's head. */
  readonly head: RequestHead;
  /** The request's content; null when it has none. */
  readonly content: IncomingContent | null;
  /** The connection. */
  readonly connection: ServerConnection;
  /** How it ends, as the handler learns of it. */
  readonly outcome: Outcome = new Outcome();
  /** Whether another request can follow on the connection. */
  keep: boolean = true;
  /** Whether the head of the response was sent. */
  begun: boolean = false;
  /** Bytes of content that nobody read and that were taken all the same. */
  drained: number = 0;
  readonly #server: ServerShared;
  #over: boolean = false;
  #continued: boolean = false;
  #failed: boolean = false;
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;

  /**
   * Makes an exchange.
   *
   * @param server What the connections share.
   * @param connection The connection.
   * @param tcp The same, for TCP.
   * @param head The request's head.
   */
  constructor(server: ServerShared, connection: ServerConnection, tcp: TcpConnection, head: RequestHead) {
    this.#server = server;
    this.connection = connection;
    this.head = head;
    const { length } = head.framing;
    this.content = length === 0
      ? null
      : new IncomingContent(new ContentReader(tcp, length, server.limits.maxContent, server.parser), this);
  }

  /** Has the handler answer. */
  begin(): void {
    try {
      const info = new HandlerInfo(this.connection, this.outcome);
      this.#answer(this.#server.handler(new IncomingRequest(this) as unknown as Request, info));
    } catch (error) {
      this.#handlerFailed(error);
    }
  }

  #answer(result: Response | Promise<Response>): void {
    if (typeof (result as Promise<Response> | null)?.then !== "function") this.#respond(result as Response);
    else {(result as Promise<Response>).then((response) =>
        this.#respond(response), (error) =>
        this.#handlerFailed(error));}
  }

  /** The handler failed; nothing was sent yet. */
  #handlerFailed(error: unknown): void {
    // Most handlers fail when their client goes away, and there is nobody to tell.
    if (this.#over) return;
    // A stream whose head could not be sent is not wanted any more.
    this.#reader?.cancel(error).catch(() => {});
    const { counters, onError } = this.#server;
    if (!this.#failed) {
      counters.handlerErrors++;
      this.#failed = true;
      if (onError) {
        try {
          return this.#answer(onError(error));
        } catch (another) {
          error = another;
        }
      }
    }
    console.error(error);
    this.#sendKnown(500, "", PLAIN_TEXT, "500 Internal Server Error\n");
  }

  // --- the response ---

  #respond(response: Response): void {
    try {
      this.#send(response)?.catch((error) => this.#handlerFailed(error));
    } catch (error) {
      this.#handlerFailed(error);
    }
  }

  /** Sends a response; throws only as long as nothing was sent. */
  #send(response: Response): Promise<void> | undefined {
    if (!(response instanceof Response)) {
      throw new TypeError(`Handlers must return a Response, not ${typeof response}`);
    }
    if (this.#over) {
      // Its client went away.
      if (response.body && !response.body.locked) response.body.cancel().catch(() => {});
      return;
    }
    const { bodies } = this.#server;
    const { status, statusText } = response;
    if (status < 200) throw new TypeError(`Cannot send a response with status ${status}`);
    const body = bodies.take(response);
    const fields = bodies.fields(response);
    if (body !== undefined) return void this.#sendKnown(status, statusText, fields, body);
    if (response.bodyUsed || response.body!.locked) {
      throw new TypeError("Cannot send the response: its body was read already");
    }
    return this.#sendStream(status, statusText, fields, response.body!.getReader());
  }

  /**
   * Takes what has come of content that the handler has not read and will not, for the response is there. What is malformed
   * is answered with an error, as if it had been read.
   *
   * @returns Whether it was.
   */
  #refused({ used, reader }: IncomingContent): boolean {
    if (used || reader.ended || reader.available === 0) return false;
    this.drained = reader.read(null);
    if (!reader.reason || reader.reason === "incomplete") return false;
    this.end(contentGone());
    this.connection.refuse(reader.status, reader.reason, this.head.method);
    return true;
  }

  /** Sends a response whose body lies in memory. */
  #sendKnown(status: number, phrase: string, fields: FieldList, body: string | Uint8Array | null): void {
    if (this.content && this.#refused(this.content)) return;
    const { writer, date, core } = this.#server;
    const { outbox } = this.connection;
    const head = this.head.method === "HEAD";
    writer.begin(status, phrase, date.at(core.now()), fields);
    const after = this.#after(writer.saidClose);
    if (body === null || head || status === 204 || status === 304 || status === 205) {
      let length = 0;
      if (status === 204) length = UNSAID;
      else if (head && body) length = writer.sizeOf(body);
      else if (head || status === 304) length = writer.saidLength >= 0 ? writer.saidLength : UNSAID;
      outbox.write(writer.end(length, after), true);
    } else {
      outbox.write(writer.endWith(body, after), true);
      const { rest } = writer;
      if (rest) {
        writer.rest = null;
        outbox.write(rest);
      }
    }
    this.begun = true;
    this.#sent();
  }

  async #sendStream(
    status: number,
    phrase: string,
    fields: FieldList,
    reader: ReadableStreamDefaultReader<Uint8Array>,
  ): Promise<void> {
    const { writer, date, core } = this.#server;
    const { outbox } = this.connection;
    this.#reader = reader;
    const beginning = await readBeginning(reader, BEGINNING);
    if (this.#over) return void reader.cancel().catch(() => {});
    if (beginning.ended) return this.#sendKnown(status, phrase, fields, join(beginning.chunks));
    writer.begin(status, phrase, date.at(core.now()), fields);
    let length = CHUNKED;
    if (writer.saidLength >= 0) length = writer.saidLength;
    else if (this.head.old) length = UNSAID;
    const after = this.#after(writer.saidClose || length === UNSAID);
    outbox.write(writer.end(length, after), true);
    this.begun = true;
    if (this.head.method === "HEAD") {
      reader.cancel().catch(() => {});
      return this.#sent();
    }
    try {
      if (await sendContent(outbox, beginning, length, () => !this.#over)) this.#sent();
    } catch (error) {
      // Too late for another response: that this one is broken, the client must see.
      if (this.#over) return;
      if (!this.outcome.failed) {
        console.error(error);
        this.#server.counters.handlerErrors++;
      }
      this.connection.abort(error);
    }
  }

  /** Decides what becomes of the connection after this response. */
  #after(saidClose: boolean): After {
    const { limits } = this.#server;
    const { head, content } = this;
    if (!head.framing.keepAlive || saidClose || !this.connection.more) this.keep = false;
    else if (content && !content.reader.ended) {
      const { reader } = content;
      // A client that waits for 100 in vain may send its content, or may not: what comes next could be read in two ways.
      if (reader.reason || head.framing.expectsContinue && !this.#continued && reader.untouched) this.keep = false;
      else if (!content.used) {
        const rest = reader.left === Infinity ? 0 : reader.left;
        if (this.drained + rest > limits.drainLimit) this.keep = false;
      }
    }
    return !this.keep ? "close" : head.old ? "keep-alive" : "";
  }

  #sent(): void {
    const { outbox } = this.connection;
    if (outbox.empty) this.#finish();
    else outbox.onEmpty = () => this.#finish();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.outcome.complete();
    const { content } = this;
    if (content && !content.reader.ended) content.fail(contentGone());
    this.connection.finished(this);
  }

  // --- the handler reads the content ---

  /** The handler waits for content. */
  contentAwaited(): void {
    if (this.#over) return;
    if (this.head.framing.expectsContinue && !this.#continued && !this.begun) {
      this.#continued = true;
      this.connection.outbox.write(encodeOctets("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    this.connection.awaitContent();
  }

  /** All content was read. */
  contentEnded(): void {
    this.connection.contentEnded();
  }

  /** The content is malformed or cut off. */
  contentFailed(): unknown {
    const { reason, status } = this.content!.reader;
    const error = new NetError(reason === "incomplete" ? "ECONNRESET" : "EPROTO", `Cannot read the body: ${reason}`);
    this.keep = false;
    if (this.begun) {
      this.outcome.fail(error);
      this.connection.count(reason);
    } else {
      this.end(error);
      this.connection.refuse(status, reason, this.head.method);
    }
    return error;
  }

  /**
   * It is over before its response was sent: whatever the handler does, nobody hears of it.
   *
   * @param error Why.
   */
  end(error: unknown): void {
    this.#over = true;
    this.outcome.fail(error);
    this.content?.fail(error);
    this.#reader?.cancel(error).catch(() => {});
  }
}

/** The error of content that nobody may read any more. */
function contentGone(): NetError {
  return new NetError("ECONNABORTED", "Cannot read the body: its connection has gone on without it");
}
