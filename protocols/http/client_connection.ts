/**
 * A connection on the client's side.
 *
 * @module
 */

import { type Deferred, deferred } from "../../core/deferred.ts";
import { NetError } from "../../core/net_error.ts";
import { Timer } from "../../core/timers.ts";
import type { TcpConnection, TcpConnectOptions, TcpUser } from "../tcp.ts";
import { type ClientShared, type OutgoingRequest, StaleConnection } from "./client_shared.ts";
import { decodeContent } from "./content_coding.ts";
import { ContentReader } from "./content_reader.ts";
import { CHUNKED, UNTIL_CLOSE } from "./framing.ts";
import { HeadBuffer } from "./head_buffer.ts";
import { HeadParser, INCOMPLETE, parseResponseHead } from "./head_parser.ts";
import { type ContentSource, IncomingContent } from "./incoming_content.ts";
import { encodeOctets } from "./octets.ts";
import { Outbox } from "./outbox.ts";
import { sendContent } from "./outgoing_content.ts";
import { readResponseHead, type ResponseHead } from "./response_head.ts";

/** Interim responses that are skipped before a response (RFC 9110, 15.2). */
const INTERIM = 32;
/** Bytes of a response's head that are read. */
const LIMITS = { target: 8192, fields: 65_536, count: 256 };

/** A request that is under way. */
interface Pending {
  readonly request: OutgoingRequest;
  readonly resolve: (response: Response) => void;
  readonly reject: (error: unknown) => void;
}

/** A connection on the client's side. */
export class ClientConnection implements TcpUser, ContentSource {
  /** To which host and port. */
  readonly key: string;
  readonly #client: ClientShared;
  readonly #connection: TcpConnection;
  readonly #outbox: Outbox;
  readonly #parser: HeadParser = new HeadParser(LIMITS);
  readonly #held: HeadBuffer = new HeadBuffer();
  readonly #timer: Timer = new Timer(() => this.#close());
  #pending: Pending | null = null;
  #content: IncomingContent | null = null;
  #interim: number = 0;
  #used: boolean = false;
  #heard: boolean = false;
  /** A stream that is not sent to its end yet. */
  #upload: ReadableStreamDefaultReader<Uint8Array> | null = null;
  #keep: boolean = true;
  #over: boolean = false;
  #unsubscribe: (() => void) | null = null;
  readonly #opening: Deferred<ClientConnection> = deferred();

  /**
   * Opens a connection.
   *
   * @param client What the connections share.
   * @param key To which host and port, as the client names it.
   * @param where The same for TCP.
   * @param signal Gives up.
   * @returns The connection, once it is established.
   */
  static open(
    client: ClientShared,
    key: string,
    where: TcpConnectOptions,
    signal: AbortSignal,
  ): Promise<ClientConnection> {
    const connection = new ClientConnection(client, key, where);
    connection.#watch(signal);
    return connection.#opening.promise;
  }

  private constructor(client: ClientShared, key: string, where: TcpConnectOptions) {
    this.#client = client;
    this.key = key;
    this.#connection = client.tcp.open(where, this);
    this.#connection.setNoDelay(true);
    this.#outbox = new Outbox(this.#connection, () => {});
  }

  /**
   * Sends a request.
   *
   * @param request The request.
   * @returns The response, once its head has come.
   */
  exchange(request: OutgoingRequest): Promise<Response> {
    const { core, counters } = this.#client;
    core.timers.disarm(this.#timer);
    if (this.#used) counters.reused++;
    counters.fetches++;
    this.#heard = false;
    this.#keep = true;
    this.#interim = 0;
    return new Promise((resolve, reject) => {
      this.#pending = { request, resolve, reject };
      this.#watch(request.signal);
      if (!this.#over) this.#send(request);
    });
  }

  #watch(signal: AbortSignal): void {
    const abort = (): void => this.#fail(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    this.#unsubscribe = () => signal.removeEventListener("abort", abort);
  }

  #send({ head, content, method }: OutgoingRequest): void {
    let framing = "";
    let length = 0;
    if (content instanceof Uint8Array) length = content.length;
    else if (content) length = CHUNKED;
    if (length === CHUNKED) framing = "Transfer-Encoding: chunked\r\n";
    // Methods that usually carry content say so when there is none (RFC 9110, 8.6).
    else if (content || method === "POST" || method === "PUT") framing = `Content-Length: ${length}\r\n`;
    this.#outbox.write(encodeOctets(`${head}${framing}\r\n`));
    if (content instanceof Uint8Array) this.#outbox.write(content);
    else if (content) {
      // A server may answer before it has all, and want the rest or not: what it does not take until its response is over
      // is not sent.
      this.#upload = content.reader;
      sendContent(this.#outbox, content, length, () => !this.#over).then((whole) => {
        if (!whole) return;
        this.#upload = null;
        this.#release();
      }, (error) => this.#fail(error));
    }
  }

  /** The connection is established. */
  opened(): void {
    this.#unsubscribe?.();
    this.#opening.resolve(this);
  }

  /** Nobody needs it after all: another address was sooner (RFC 8305, 5). */
  [Symbol.dispose](): void {
    this.#close();
  }

  /** There is room for more. */
  writable(): void {
    this.#outbox.flush();
  }

  /** More has come, or the server has closed its direction. */
  readable(): void {
    if (this.#content) return this.#content.wake();
    if (!this.#pending) return this.#close();
    while (this.#pending && this.#connection.readable > 0) {
      this.#heard = true;
      const length = this.#held.read(this.#connection, this.#parser, parseResponseHead);
      if (length < 0) return this.#bad(this.#parser.reason);
      if (length > INCOMPLETE) this.#head(length);
    }
    if (this.#pending && this.#connection.readEnded) {
      this.#fail(new NetError("ECONNRESET", "The server closed the connection without a response"));
    }
  }

  #bad(reason: string): void {
    this.#client.counters.badResponses++;
    this.#fail(new NetError("EPROTO", `Cannot read the response: ${reason}`));
  }

  #head(length: number): void {
    const parser = this.#parser;
    const { status } = parser;
    const interim = status >= 100 && status < 200 && status !== 101;
    const head = interim ? null : readResponseHead(parser, this.#held.bytes, length);
    this.#held.done(this.#connection, length);
    if (head) this.#respond(head);
    else if (!interim) this.#bad(parser.reason);
    else if (++this.#interim > INTERIM) this.#bad("too many interim responses");
  }

  #respond({ framing, ...init }: ResponseHead): void {
    const { request, resolve } = this.#pending!;
    const { status, headers } = init;
    const bare = request.method === "HEAD" || status === 204 || status === 304;
    const length = bare ? 0 : framing.known ? framing.length : UNTIL_CLOSE;
    this.#keep = framing.keepAlive && length !== UNTIL_CLOSE;
    this.#pending = null;
    if (length === 0) {
      resolve(new Response(null, init));
      return this.#release();
    }
    if (status === 205) {
      // It has no content (RFC 9110, 15.3.6), whatever it says.
      resolve(new Response(null, init));
      return this.#close();
    }
    const reader = new ContentReader(this.#connection, length, Infinity, this.#parser);
    if (length > 0 && length <= this.#connection.readable) {
      const bytes = new Uint8Array(length);
      reader.read(bytes);
      resolve(new Response(decodeContent(bytes, headers), init));
      return this.#release();
    }
    this.#content = new IncomingContent(reader, this);
    resolve(new Response(decodeContent(this.#content.stream, headers), init));
  }

  /** All content was read. */
  contentEnded(): void {
    this.#content = null;
    this.#release();
  }

  /** The content is malformed or cut off. */
  contentFailed(): unknown {
    const { reason } = this.#content!.reader;
    const error = this.#connection.error ??
      new NetError(reason === "incomplete" ? "ECONNRESET" : "EPROTO", `Cannot read the response: ${reason}`);
    this.#client.counters.badResponses++;
    this.#fail(error);
    return error;
  }

  /** The app wants no more. */
  contentCancelled(): void {
    this.#content = null;
    this.#close();
  }

  /** An exchange has ended, where all was sent and read: the connection can be used for another. */
  #release(): void {
    if (this.#over || this.#pending || this.#content) return;
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    const { core, idleTimeout } = this.#client;
    if (!this.#keep || this.#upload || this.#connection.readable > 0 || this.#connection.readEnded) {
      return this.#close();
    }
    this.#used = true;
    if (!this.#client.idle(this)) return this.#close();
    core.timers.arm(this.#timer, core.now() + idleTimeout);
  }

  /** The connection is over. */
  closed(_: TcpConnection, error: NetError | null): void {
    this.#fail(error ?? new NetError("ECONNRESET", "The server closed the connection without a response"));
  }

  #fail(error: unknown): void {
    const pending = this.#pending;
    const content = this.#content;
    this.#pending = null;
    const stale = this.#used && !this.#heard && error instanceof NetError;
    // What came before the end can still be read where the end is the length.
    if (content && error instanceof NetError && this.#connection.closed && !this.#connection.error) {
      this.#end();
      return content.wake();
    }
    this.#content = null;
    this.#connection.abort();
    this.#end();
    this.#opening.reject(error);
    pending?.reject(stale ? new StaleConnection(error) : error);
    content?.fail(error);
  }

  #close(): void {
    if (this.#over) return;
    if (this.#content || this.#upload || this.#connection.readable > 0) this.#connection.abort();
    else this.#connection.close();
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#unsubscribe?.();
    this.#client.core.timers.disarm(this.#timer);
    this.#upload?.cancel().catch(() => {});
    this.#outbox.clear();
    this.#client.forget(this);
  }

  /** Closes an idle connection. */
  close(): void {
    this.#close();
  }
}
