/**
 * A connection on the server's side: one request after the other (RFC 9112, 9).
 *
 * @module
 */

import { NetError } from "../../core/net_error.ts";
import type { Sender } from "../../core/protocol.ts";
import { Timer } from "../../core/timers.ts";
import type { TcpConnection, TcpEndpoint, TcpUser } from "../tcp.ts";
import type { HttpCounters } from "./counters.ts";
import { Exchange } from "./exchange.ts";
import { Outbox } from "./outbox.ts";
import type { RequestHead } from "./request_head.ts";
import { RequestReader } from "./request_reader.ts";
import { PLAIN_TEXT } from "./response_writer.ts";
import type { ServerShared } from "./server_shared.ts";
import type { HttpNetAddr } from "./settings.ts";
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

/** A connection on the server's side. */
export class ServerConnection implements TcpUser, Sender {
  /** Whether it stands in the queue of senders. */
  queued: boolean = false;
  /** What is on its way to the client. */
  readonly outbox: Outbox;
  readonly #server: ServerShared;
  readonly #tcp: TcpConnection;
  readonly #timer: Timer;
  readonly #reader: RequestReader;
  #phase: number = AWAIT;
  #exchange: Exchange | null = null;
  #requests: number = 0;
  #advancing: boolean = false;
  #readDeadline: number = Infinity;
  #writeDeadline: number = Infinity;
  #remoteAddr: HttpNetAddr | null = null;

  /**
   * Takes a connection that was accepted.
   *
   * @param server What the connections share.
   * @param tcp The connection.
   */
  constructor(server: ServerShared, tcp: TcpConnection) {
    this.#server = server;
    this.#tcp = tcp;
    this.outbox = new Outbox(tcp, () => this.#awaitRoom());
    this.#reader = new RequestReader(server, tcp);
    this.#timer = new Timer((now) => this.#expired(now));
    // Responses are written in one piece, and what a stream gives is meant to leave.
    tcp.setNoDelay(true);
    this.#arm(server.limits.idleTimeout);
  }

  /** The client. */
  get remoteAddr(): HttpNetAddr {
    return this.#remoteAddr ??= { transport: "tcp", ...this.#tcp.remote };
  }

  /** Our end. */
  get local(): TcpEndpoint {
    return this.#tcp.local;
  }

  /** Whether the server wants more requests on it. */
  get more(): boolean {
    return !this.#server.closing && this.#requests < this.#server.limits.maxRequests;
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
    const { outbox } = this;
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
    const tcp = this.#tcp;
    const reader = this.#reader;
    if (tcp.readable === 0) {
      if (tcp.readEnded) {
        if (reader.begun) this.refuse(400, "incomplete", reader.method);
        else this.#close();
      }
      return false;
    }
    const first = reader.empty;
    const head = reader.read();
    if (typeof head !== "number") this.#begin(head);
    else if (head < 0) this.refuse(-head, this.#server.parser.reason, reader.method);
    else if (first) this.#arm(this.#server.limits.headTimeout);
    return true;
  }

  #begin(head: RequestHead): void {
    const { core, counters, limits } = this.#server;
    if (head.framing.length > limits.maxContent) return this.refuse(413, "largeContent", head.method);
    counters.requests++;
    this.#requests++;
    this.#phase = BUSY;
    core.timers.disarm(this.#timer);
    this.#exchange = new Exchange(this.#server, this, this.#tcp, head);
    this.#exchange.begin();
  }

  /**
   * The response of an exchange was sent.
   *
   * @param exchange The exchange.
   */
  finished({ keep, content }: Exchange): void {
    const { counters, limits } = this.#server;
    this.#readDeadline = this.#writeDeadline = Infinity;
    counters.responses++;
    if (!keep) return this.#close();
    if (!content || content.reader.ended) return this.#next();
    this.#phase = DRAIN;
    this.#arm(limits.contentTimeout);
    this.#drain();
  }

  #next(): void {
    this.#exchange = null;
    this.#phase = AWAIT;
    this.#arm(this.#server.limits.idleTimeout);
    this.#advance();
  }

  #drain(): void {
    const exchange = this.#exchange!;
    const { reader } = exchange.content!;
    exchange.drained += reader.read(null);
    if (reader.ended) return this.#next();
    // What comes next cannot be found: that gets an answer too, for the client may have sent more requests.
    if (reader.reason === "chunk" || reader.reason === "trailer") {
      this.refuse(reader.status, reader.reason, "");
    } else if (reader.reason || exchange.drained > this.#server.limits.drainLimit) this.#close();
  }

  // --- times ---

  #arm(ms: number): void {
    const { core } = this.#server;
    if (ms === Infinity) core.timers.disarm(this.#timer);
    else core.timers.arm(this.#timer, core.now() + ms);
  }

  /** The handler waits for content. */
  awaitContent(): void {
    this.#readDeadline = this.#server.core.now() + this.#server.limits.contentTimeout;
    this.#watch();
  }

  /** The handler has all content. */
  contentEnded(): void {
    this.#readDeadline = Infinity;
  }

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
    switch (this.#phase) {
      case AWAIT:
        if (this.#reader.begun) return this.refuse(408, "timeouts", this.#reader.method);
        // A client that has not even taken its last response will not take our farewell.
        if (this.#tcp.unacknowledged > 0) this.abort(new NetError("ETIMEDOUT", "The client takes no response"));
        else this.#close();
        return;
      case BUSY: {
        const exchange = this.#exchange!;
        if (this.#writeDeadline > now && this.#readDeadline > now) return this.#watch();
        const error = new NetError(
          "ETIMEDOUT",
          `The client does not ${this.#writeDeadline <= now ? "take the response" : "send the content"}`,
        );
        if (this.#writeDeadline <= now || exchange.begun) {
          this.count("timeouts");
          return this.abort(error);
        }
        exchange.end(error);
        return this.refuse(408, "timeouts", exchange.head.method);
      }
      case DRAIN:
        return this.#close();
      case LINGER:
        this.#tcp.close();
        this.#end(null);
    }
  }

  // --- the end ---

  /**
   * Counts why something was refused.
   *
   * @param reason The name of the counter.
   */
  count(reason: string): void {
    this.#server.counters[reason as keyof HttpCounters]++;
  }

  /**
   * Answers with an error and closes.
   *
   * @param status The status.
   * @param reason Why, as the counters name it.
   * @param method The method of the request, as far as it is known.
   */
  refuse(status: number, reason: string, method: string): void {
    const { writer, date, core } = this.#server;
    this.count(reason);
    this.#exchange = null;
    const text = `${status} ${reasonPhrase(status)} (${reason})\n`;
    writer.begin(status, "", date.at(core.now()), PLAIN_TEXT);
    // A client that asked for the head alone takes what follows for the next response (RFC 9110, 9.3.2).
    const message = method === "HEAD" ? writer.end(text.length, "close") : writer.endWith(text, "close");
    this.outbox.write(message, true);
    this.#close();
  }

  /** Closes, in a way that lets the client read all that was sent (RFC 9112, 9.6). */
  #close(): void {
    if (this.#phase >= LINGER) return;
    this.#phase = LINGER;
    this.#exchange = null;
    this.#reader.clear();
    if (this.outbox.empty) this.#tcp.closeWrite();
    else this.outbox.onEmpty = () => this.#tcp.closeWrite();
    this.#arm(this.#server.limits.lingerTimeout);
    this.#linger();
  }

  #linger(): void {
    const tcp = this.#tcp;
    for (let size = tcp.readable; size > 0; size = tcp.readable) tcp.consume(size);
    if (tcp.readEnded && this.outbox.empty) {
      tcp.close();
      this.#end(null);
    }
  }

  /**
   * Ends it at once, with a reset.
   *
   * @param error Why.
   */
  abort(error: unknown): void {
    this.#tcp.abort();
    this.#end(error);
  }

  #end(error: unknown): void {
    if (this.#phase === OVER) return;
    const { core, counters } = this.#server;
    core.timers.disarm(this.#timer);
    if (this.#phase === BUSY) {
      counters.aborted++;
      this.#exchange?.end(error);
    }
    this.#phase = OVER;
    this.outbox.clear();
    this.#reader.clear();
    this.#server.forget(this);
  }

  /** The server wants no more requests: closes at once when idle, else after this response. */
  shutdown(): void {
    if (this.#phase === AWAIT && this.#reader.empty) this.#close();
  }
}
