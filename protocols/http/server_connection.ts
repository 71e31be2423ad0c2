/**
 * A connection on the server's side: one request after the other (RFC 9112, 9).
 *
 * @module
 */

import { NetError } from "../../core/net_error.ts";
import type { Core, Sender } from "../../core/protocol.ts";
import { Timer } from "../../core/timers.ts";
import type { TcpConnection, TcpUser } from "../tcp.ts";
import { ContentReader } from "./content_reader.ts";
import type { HttpCounters } from "./counters.ts";
import type { DateText } from "./date.ts";
import { Exchange, type ExchangeConnection, HandlerInfo } from "./exchange.ts";
import { CHUNKED } from "./framing.ts";
import { type HeadParser, INCOMPLETE, parseRequestHead } from "./head_parser.ts";
import { HeadBuffer } from "./head_buffer.ts";
import type { HeadCache } from "./head_cache.ts";
import { contentGone, type ContentSource, IncomingContent } from "./incoming_content.ts";
import { IncomingRequest } from "./incoming_request.ts";
import type { FieldList, KnownBodies } from "./known_body.ts";
import { decodeOctets, encodeOctets } from "./octets.ts";
import { Outbox } from "./outbox.ts";
import { join, readBeginning, sendContent } from "./outgoing_content.ts";
import { readRequestHead, type RequestHead } from "./request_head.ts";
import { type After, type ResponseWriter, UNSAID } from "./response_writer.ts";
import type { HttpNetAddr, ServeHandler, ServeOptions } from "./settings.ts";
import { reasonPhrase } from "./status.ts";

/** Waits for a request. */
const AWAIT = 0;
/** A request was read, and its response is not sent yet. */
const BUSY = 1;
/** The response was sent; content that nobody read is taken. */
const DRAIN = 2;
/** Our direction is closed; what the client still sends is taken, so that no reset destroys the response on its way. */
const LINGER = 3;
/** It is over. */
const OVER = 4;

/** Requests that one connection may make in a turn. */
const PIPELINED = 32;
/** Bytes of a stream that are waited for to know the length. */
const BEGINNING = 16_384;

/** The limits of a server. */
export type ServerLimits = {
  readonly [K in Exclude<keyof ServeOptions, "port" | "hostname" | "backlog" | "signal" | "onListen" | "onError">]-?:
    number;
};

/** What the connections of one server share. */
export interface ServerShared {
  /** The core. */
  readonly core: Core;
  /** What is counted. */
  readonly counters: HttpCounters;
  /** The limits. */
  readonly limits: ServerLimits;
  /** Answers requests. */
  readonly handler: ServeHandler;
  /** Answers in place of a handler that threw. */
  readonly onError: ((error: unknown) => Response | Promise<Response>) | undefined;
  /** Reads heads. */
  readonly parser: HeadParser;
  /** Heads that came before. */
  readonly heads: HeadCache;
  /** Reads the responses of the handler. */
  readonly bodies: KnownBodies;
  /** Writes responses. */
  readonly writer: ResponseWriter;
  /** Tells the date. */
  readonly date: DateText;
  /** Whether no further requests are wanted. */
  readonly closing: boolean;
  /**
   * Forgets a connection that is over.
   *
   * @param connection The connection.
   */
  forget(connection: ServerConnection): void;
}

/** A connection on the server's side. */
export class ServerConnection implements TcpUser, Sender, ContentSource, ExchangeConnection {
  /** Whether it stands in the queue of senders. */
  queued: boolean = false;
  readonly #server: ServerShared;
  readonly #connection: TcpConnection;
  readonly #outbox: Outbox;
  readonly #timer: Timer;
  readonly #held: HeadBuffer = new HeadBuffer();
  readonly #rest: { body: Uint8Array | null } = { body: null };
  #phase: number = AWAIT;
  #exchange: Exchange | null = null;
  /** Bytes of the last head. */
  #last: number = 0;
  #requests: number = 0;
  /** Content that nobody has read, and how much of what nobody has read was taken. */
  #unread: ContentReader | null = null;
  #drained: number = 0;
  #advancing: boolean = false;
  #headSent: boolean = false;
  #continued: boolean = false;
  #keep: boolean = true;
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  #readDeadline: number = Infinity;
  #writeDeadline: number = Infinity;
  #remoteAddr: HttpNetAddr | null = null;
  #authority: string | null = null;

  /**
   * Takes a connection that was accepted.
   *
   * @param server What the connections share.
   * @param connection The connection.
   */
  constructor(server: ServerShared, connection: TcpConnection) {
    this.#server = server;
    this.#connection = connection;
    this.#outbox = new Outbox(connection, () => this.#awaitRoom());
    this.#timer = new Timer((now) => this.#expired(now));
    // Responses are written in one piece, and what a stream gives is meant to leave.
    connection.setNoDelay(true);
    this.#arm(server.limits.idleTimeout);
  }

  /** The client. */
  get remoteAddr(): HttpNetAddr {
    const { hostname, port } = this.#connection.remote;
    return this.#remoteAddr ??= { transport: "tcp", hostname, port };
  }

  /** Our end, as the authority of a URI. */
  get authority(): string {
    if (this.#authority !== null) return this.#authority;
    const { hostname, port } = this.#connection.local;
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    return this.#authority = port === 80 ? host : `${host}:${port}`;
  }

  /** Bytes that can be read now. */
  get available(): number {
    return this.#connection.readable;
  }

  #arm(ms: number): void {
    const { core } = this.#server;
    if (ms === Infinity) core.timers.disarm(this.#timer);
    else core.timers.arm(this.#timer, core.now() + ms);
  }

  // --- what TCP tells ---

  /** More has come, or the client has closed its direction, which is no reason not to answer. */
  readable(): void {
    switch (this.#phase) {
      case AWAIT:
        return this.#advance();
      case BUSY:
        this.#readDeadline = Infinity;
        return this.#exchange!.content?.wake();
      case DRAIN:
        return this.#drain();
      case LINGER:
        return this.#linger();
    }
  }

  /** The client takes more. */
  writable(): void {
    const outbox = this.#outbox;
    if (outbox.empty) return;
    outbox.flush();
    if (outbox.empty) this.#writeDeadline = Infinity;
    else this.#awaitRoom();
  }

  /** The connection is over. */
  closed(_: TcpConnection, error: NetError | null): void {
    // An error costs its stack: after an orderly end nobody would see it.
    if (this.#phase === OVER) return;
    this.#end(error ?? new NetError("ECONNRESET", "The client has closed the connection"));
  }

  /** Goes on with pipelined requests. */
  send(): boolean {
    this.#advance();
    return false;
  }

  // --- requests ---

  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    for (let count = 0; this.#phase === AWAIT && this.#readHead();) {
      if (++count === PIPELINED) {
        this.#server.core.ready(this);
        break;
      }
    }
    this.#advancing = false;
  }

  /** Reads a head and begins its exchange; says whether there may be more to read. */
  #readHead(): boolean {
    const connection = this.#connection;
    const { parser, heads, limits } = this.#server;
    const run = connection.peek();
    if (run.length === 0) {
      if (connection.readEnded) {
        if (this.#held.begun) this.#refuse(400, "incomplete", this.#held.bytes);
        else this.#close();
      }
      return false;
    }
    const held = this.#held;
    if (held.size === 0) {
      const known = heads.find(run, run.length) ?? heads.find(run, this.#last);
      if (known) {
        connection.consume(heads.length);
        this.#begin(known);
        return true;
      }
    }
    const first = held.size === 0;
    const length = held.read(connection, parser, parseRequestHead);
    if (length === INCOMPLETE) {
      if (first) this.#arm(limits.headTimeout);
      return true;
    }
    const head = length < 0 ? length : readRequestHead(parser, held.bytes, length);
    if (typeof head === "number") {
      this.#refuse(-head, parser.reason, held.bytes);
      return false;
    }
    heads.keep(held.bytes, length, head);
    this.#last = length;
    held.done(connection, length);
    this.#begin(head);
    return true;
  }

  #begin(head: RequestHead): void {
    const server = this.#server;
    const { length } = head.framing;
    if (length > server.limits.maxContent) return this.#refuse(413, "largeContent", head);
    server.counters.requests++;
    this.#requests++;
    this.#phase = BUSY;
    this.#headSent = false;
    this.#continued = false;
    this.#drained = 0;
    server.core.timers.disarm(this.#timer);
    const content = length === 0 ? null : new IncomingContent(
      new ContentReader(this.#connection, length, server.limits.maxContent, server.limits.maxFields),
      this,
    );
    const exchange = new Exchange(this, head, content);
    this.#exchange = exchange;
    let result: Response | Promise<Response>;
    try {
      result = server.handler(new IncomingRequest(exchange) as unknown as Request, new HandlerInfo(exchange));
    } catch (error) {
      return this.#failed(exchange, error);
    }
    this.#answer(exchange, result);
  }

  #answer(exchange: Exchange, result: Response | Promise<Response>): void {
    if (result instanceof Response) return this.#respond(exchange, result);
    if (typeof (result as Promise<Response> | null)?.then !== "function") {
      return this.#failed(exchange, new TypeError(`Handlers must return a Response, not ${typeof result}`));
    }
    result.then((response) => {
      if (response instanceof Response) this.#respond(exchange, response);
      else this.#failed(exchange, new TypeError(`Handlers must return a Response, not ${typeof response}`));
    }, (error) => this.#failed(exchange, error));
  }

  /** The handler failed; nothing was sent yet. */
  #failed(exchange: Exchange, error: unknown): void {
    // Most handlers fail when their client goes away, and there is nobody to tell.
    if (exchange !== this.#exchange) return;
    const { counters, onError } = this.#server;
    counters.handlerErrors++;
    if (!onError) return this.#failedTwice(exchange, error);
    let result: Response | Promise<Response>;
    try {
      result = onError(error);
    } catch (another) {
      return this.#failedTwice(exchange, another);
    }
    Promise.resolve(result).then((response) => {
      if (exchange !== this.#exchange) return;
      if (!(response instanceof Response)) throw new TypeError("onError must return a Response");
      return this.#trySend(exchange, response);
    }).catch((another) => this.#failedTwice(exchange, another));
  }

  #failedTwice(exchange: Exchange, error: unknown): void {
    console.error(error);
    if (exchange !== this.#exchange) return;
    exchange.fail(error);
    exchange.content?.fail(contentGone());
    this.#refuse(500, null, exchange.head);
  }

  // --- responses ---

  #respond(exchange: Exchange, response: Response): void {
    try {
      const sending = this.#trySend(exchange, response);
      if (sending) sending.catch((error) => this.#failed(exchange, error));
    } catch (error) {
      this.#failed(exchange, error);
    }
  }

  /** Sends a response; throws only as long as nothing was sent. */
  #trySend(exchange: Exchange, response: Response): Promise<void> | null {
    if (exchange !== this.#exchange) {
      // Its client went away.
      if (response.body && !response.body.locked) response.body.cancel().catch(() => {});
      return null;
    }
    const { bodies } = this.#server;
    if (response.status < 200) throw new TypeError(`Cannot send a response with status ${response.status}`);
    const body = bodies.take(response);
    const fields = bodies.fields(response);
    if (body !== undefined) this.#sendKnown(exchange, response, fields, body);
    else if (response.bodyUsed || response.body!.locked) {
      throw new TypeError("Cannot send the response: its body was read already");
    } else return this.#sendStream(exchange, response, fields);
    return null;
  }

  /**
   * Takes what has come of content that the handler has not read and will not, for the response is there. What is malformed
   * is answered with an error, as if it had been read.
   *
   * @returns Whether it was.
   */
  #refused(exchange: Exchange, content: IncomingContent): boolean {
    const { reader } = content;
    if (content.used || reader.ended || this.#connection.readable === 0) return false;
    this.#drained = reader.read(null);
    if (!reader.reason || reader.reason === "incomplete") return false;
    content.fail(contentGone());
    this.#refuse(reader.status, reader.reason, exchange.head);
    return true;
  }

  /** Sends a response whose body lies in memory. */
  #sendKnown(
    exchange: Exchange,
    { status, statusText }: Response,
    fields: FieldList,
    body: string | Uint8Array | null,
  ): void {
    if (exchange.content && this.#refused(exchange, exchange.content)) return;
    const { writer, date, core } = this.#server;
    const head = exchange.head.method === "HEAD";
    writer.begin(status, statusText, date.at(core.now()), fields);
    const after = this.#after(exchange, writer.saidClose);
    if (body === null || head || status === 204 || status === 304 || status === 205) {
      let length = 0;
      if (status === 204) length = UNSAID;
      else if (head && body) length = writer.sizeOf(body);
      else if (head || status === 304) length = writer.saidLength >= 0 ? writer.saidLength : UNSAID;
      this.#outbox.write(writer.end(length, after), true);
    } else {
      const rest = this.#rest;
      this.#outbox.write(writer.endWith(body, after, rest), true);
      if (rest.body) {
        this.#outbox.write(rest.body);
        rest.body = null;
      }
    }
    this.#headSent = true;
    this.#sent(exchange);
  }

  async #sendStream(
    exchange: Exchange,
    response: Response,
    fields: readonly (readonly [string, string])[],
  ): Promise<void> {
    const { writer, date, core } = this.#server;
    const reader = response.body!.getReader();
    this.#reader = reader;
    const beginning = await readBeginning(reader, BEGINNING);
    if (exchange !== this.#exchange) return void reader.cancel().catch(() => {});
    if (beginning.ended) return this.#sendKnown(exchange, response, fields, join(beginning.chunks));
    writer.begin(response.status, response.statusText, date.at(core.now()), fields);
    let length = CHUNKED;
    if (writer.saidLength >= 0) length = writer.saidLength;
    else if (exchange.head.old) length = UNSAID;
    const after = this.#after(exchange, writer.saidClose || length === UNSAID);
    this.#outbox.write(writer.end(length, after), true);
    this.#headSent = true;
    if (exchange.head.method === "HEAD") {
      reader.cancel().catch(() => {});
      return this.#sent(exchange);
    }
    try {
      const whole = await sendContent(this.#outbox, beginning, length, () => exchange === this.#exchange);
      if (whole) this.#sent(exchange);
    } catch (error) {
      // Too late for another response: that this one is broken, the client must see.
      if (exchange !== this.#exchange) return;
      if (!exchange.failed) {
        console.error(error);
        this.#server.counters.handlerErrors++;
      }
      this.#connection.abort();
      this.#end(error);
    }
  }

  /** What becomes of the connection after this response. */
  #after(exchange: Exchange, saidClose: boolean): After {
    const { limits, closing } = this.#server;
    const { head, content } = exchange;
    let keep = head.framing.keepAlive && !saidClose && !closing && this.#requests < limits.maxRequests;
    if (keep && content && !content.reader.ended) {
      const { reader } = content;
      if (reader.reason) keep = false;
      // A client that waits for 100 in vain may send its content, or may not: what comes next could be read in two ways.
      else if (head.framing.expectsContinue && !this.#continued && reader.untouched) keep = false;
      else if (!content.used) {
        const rest = reader.left === Infinity ? 0 : reader.left;
        if (this.#drained + rest > limits.drainLimit) keep = false;
      }
    }
    this.#keep = keep;
    return !keep ? "close" : head.old ? "keep-alive" : "";
  }

  #sent(exchange: Exchange): void {
    if (this.#outbox.empty) this.#finish(exchange);
    else this.#outbox.onEmpty = () => this.#finish(exchange);
  }

  #finish(exchange: Exchange): void {
    if (exchange !== this.#exchange) return;
    this.#exchange = null;
    this.#reader = null;
    this.#readDeadline = this.#writeDeadline = Infinity;
    this.#server.counters.responses++;
    exchange.complete();
    const { content } = exchange;
    if (content && !content.reader.ended) {
      content.fail(contentGone());
      if (!this.#keep) return this.#close();
      this.#phase = DRAIN;
      this.#unread = content.reader;
      this.#arm(this.#server.limits.contentTimeout);
      return this.#drain();
    }
    if (!this.#keep) return this.#close();
    this.#next();
  }

  #next(): void {
    this.#phase = AWAIT;
    this.#arm(this.#server.limits.idleTimeout);
    this.#advance();
  }

  #drain(): void {
    const reader = this.#unread!;
    this.#drained += reader.read(null);
    if (!reader.ended && !reader.reason && this.#drained <= this.#server.limits.drainLimit) return;
    this.#unread = null;
    if (reader.ended) return this.#next();
    // What comes next cannot be found: that gets an answer too, for the client may have sent more requests.
    if (reader.reason === "chunk" || reader.reason === "trailer") {
      this.#refuse(reader.status, reader.reason, this.#held.bytes);
    } else this.#close();
  }

  // --- the app reads the content ---

  /** The handler waits for content. */
  contentAwaited(): void {
    const exchange = this.#exchange;
    if (!exchange?.content) return;
    if (exchange.head.framing.expectsContinue && !this.#continued && !this.#headSent) {
      this.#continued = true;
      this.#outbox.write(encodeOctets("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    this.#readDeadline = this.#server.core.now() + this.#server.limits.contentTimeout;
    this.#watch();
  }

  /** All content was read. */
  contentEnded(): void {
    this.#readDeadline = Infinity;
  }

  /** The content is malformed or cut off. */
  contentFailed(): unknown {
    const exchange = this.#exchange!;
    const { reason, status } = exchange.content!.reader;
    const error = new NetError(reason === "incomplete" ? "ECONNRESET" : "EPROTO", `Cannot read the body: ${reason}`);
    exchange.fail(error);
    this.#keep = false;
    if (this.#headSent) this.#count(reason);
    else this.#refuse(status, reason, exchange.head);
    return error;
  }

  /** The handler wants no more content. */
  contentCancelled(): void {}

  // --- times ---

  #awaitRoom(): void {
    this.#writeDeadline = this.#server.core.now() + this.#server.limits.writeTimeout;
    this.#watch();
  }

  /** Arms the timer for what an exchange waits for. */
  #watch(): void {
    if (this.#phase !== BUSY) return;
    const deadline = Math.min(this.#readDeadline, this.#writeDeadline);
    if (deadline < this.#timer.deadline) this.#server.core.timers.arm(this.#timer, deadline);
  }

  #expired(now: number): void {
    const { counters } = this.#server;
    switch (this.#phase) {
      case AWAIT:
        if (this.#held.begun) return this.#refuse(408, "timeouts", this.#held.bytes);
        // A client that has not even taken its last response will not take our farewell.
        if (this.#connection.unacknowledged > 0) this.#abort(new NetError("ETIMEDOUT", "The client takes no response"));
        else this.#close();
        return;
      case BUSY:
        if (this.#writeDeadline <= now) {
          counters.timeouts++;
          this.#abort(new NetError("ETIMEDOUT", "The client does not take the response"));
        } else if (this.#readDeadline <= now) {
          const { content, head } = this.#exchange!;
          const error = new NetError("ETIMEDOUT", "The client does not send the content");
          this.#exchange!.fail(error);
          if (this.#headSent) {
            counters.timeouts++;
            this.#abort(error);
          } else this.#refuse(408, "timeouts", head);
          content!.fail(error);
        } else this.#watch();
        return;
      case DRAIN:
        return this.#close();
      case LINGER:
        this.#connection.close();
        this.#end(null);
    }
  }

  // --- the end ---

  #count(reason: string): void {
    (this.#server.counters as unknown as Record<string, number>)[reason]!++;
  }

  /** Answers with an error and closes. */
  #refuse(status: number, reason: string | null, head: RequestHead | Uint8Array): void {
    const { writer, date, core } = this.#server;
    if (reason) this.#count(reason);
    const exchange = this.#exchange;
    this.#exchange = null;
    exchange?.fail(new NetError("ECONNABORTED", `The request was answered with ${status}`));
    const text = `${status} ${reasonPhrase(status)}${reason ? ` (${reason})` : ""}\n`;
    // A client that asked for the head alone takes what follows for the next response (RFC 9110, 9.3.2).
    const bare = head instanceof Uint8Array
      ? /^[\r\n]*HEAD /.test(decodeOctets(head.subarray(0, 32), false))
      : head.method === "HEAD";
    writer.begin(status, "", date.at(core.now()), [["Content-Type", "text/plain;charset=UTF-8"]]);
    this.#outbox.write(bare ? writer.end(text.length, "close") : writer.endWith(text, "close", this.#rest), true);
    this.#close();
  }

  /** Closes, in a way that lets the client read all that was sent (RFC 9112, 9.6). */
  #close(): void {
    if (this.#phase >= LINGER) return;
    this.#phase = LINGER;
    this.#held.clear();
    if (this.#outbox.empty) this.#closeWrite();
    else this.#outbox.onEmpty = () => this.#closeWrite();
    this.#arm(this.#server.limits.lingerTimeout);
    this.#linger();
  }

  #closeWrite(): void {
    this.#connection.closeWrite();
  }

  #linger(): void {
    const connection = this.#connection;
    for (let size = connection.readable; size > 0; size = connection.readable) connection.consume(size);
    if (connection.readEnded && this.#outbox.empty) {
      connection.close();
      this.#end(null);
    }
  }

  #abort(error: unknown): void {
    this.#connection.abort();
    this.#end(error);
  }

  #end(error: unknown): void {
    if (this.#phase === OVER) return;
    this.#phase = OVER;
    const { core, counters } = this.#server;
    core.timers.disarm(this.#timer);
    const exchange = this.#exchange;
    this.#exchange = null;
    if (exchange) {
      counters.aborted++;
      exchange.fail(error);
      exchange.content?.fail(error);
    }
    this.#reader?.cancel(error).catch(() => {});
    this.#outbox.clear();
    this.#held.clear();
    this.#server.forget(this);
  }

  /** The server wants no more requests: closes at once when idle, else after this response. */
  shutdown(): void {
    if (this.#phase === AWAIT && this.#held.size === 0) this.#close();
  }

  /** The server closes at once. */
  abort(): void {
    this.#abort(new NetError("ECONNABORTED", "The server was closed"));
  }
}
