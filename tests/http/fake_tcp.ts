/** TCP in memory, so that HTTP is tested alone: every split of the bytes can be chosen, and time is a number. */

import { ManualClock } from "../../core/clock.ts";
import { NetError } from "../../core/net_error.ts";
import type { Core, Sender } from "../../core/protocol.ts";
import { Timers } from "../../core/timers.ts";
import { yieldToHost } from "../../core/yield_to_host.ts";
import type {
  Tcp,
  TcpAcceptor,
  TcpConnection,
  TcpConnectOptions,
  TcpEndpoint,
  TcpListenOptions,
  TcpUser,
} from "../../protocols/tcp.ts";

/** One end of a connection. */
export class FakeConnection implements TcpConnection {
  user: TcpUser | null = null;
  peer!: FakeConnection;
  /** What has arrived, in runs as they lie in memory. */
  runs: Uint8Array[] = [];
  /** What was written and has not arrived. */
  flight: Uint8Array[] = [];
  finSent = false;
  finArrived = false;
  finFlight = false;
  readClosed = false;
  closed = false;
  error: NetError | null = null;
  wantsWritable = false;
  noDelay = false;
  /** Bytes that the other end takes unread. */
  window = 1 << 20;
  opening = false;
  readonly roundTripTime = 0;
  constructor(readonly net: FakeNet, readonly local: TcpEndpoint, readonly remote: TcpEndpoint) {}

  get readable(): number {
    return this.runs.reduce((sum, run) => sum + run.length, 0);
  }
  get readEnded(): boolean {
    return this.finArrived && this.runs.length === 0;
  }
  get unacknowledged(): number {
    return this.flight.reduce((sum, run) => sum + run.length, 0);
  }
  get writable(): number {
    if (this.finSent || this.closed) return 0;
    return Math.max(0, this.window - this.unacknowledged - this.peer.readable);
  }
  peek(): Uint8Array {
    return this.runs[0] ?? new Uint8Array(0);
  }
  consume(size: number): void {
    if (size > this.readable) throw new RangeError("consume");
    while (size > 0) {
      const run = this.runs[0]!;
      const used = Math.min(size, run.length);
      if (used === run.length) this.runs.shift();
      else this.runs[0] = run.subarray(used);
      // What was consumed is nobody's any more.
      run.fill(0xee, 0, used);
      size -= used;
    }
    if (this.peer.wantsWritable) this.net.changed = true;
  }
  read(target: Uint8Array): number {
    let at = 0;
    while (at < target.length && this.runs.length > 0) {
      const run = this.runs[0]!;
      const size = Math.min(run.length, target.length - at);
      target.set(run.subarray(0, size), at);
      this.consume(size);
      at += size;
    }
    return at;
  }
  write(data: Uint8Array): number {
    const size = Math.min(data.length, this.writable);
    if (size > 0) this.flight.push(data.slice(0, size));
    if (size < data.length) this.wantsWritable = true;
    this.net.changed = true;
    return size;
  }
  writeUrgent(data: Uint8Array): number {
    return this.write(data);
  }
  closeWrite(): void {
    if (this.finSent || this.closed) return;
    this.finSent = this.finFlight = true;
    this.net.changed = true;
  }
  close(): void {
    if (this.closed || this.readClosed) return;
    if (this.readable > 0 && this.flight.length === 0) return this.abort();
    this.readClosed = true;
    this.runs = [];
    this.closeWrite();
  }
  abort(): void {
    if (this.closed) return;
    this.peer.end(new NetError("ECONNRESET", "Connection was reset"));
    this.end(new NetError("ECONNABORTED", "Connection was aborted by this side"));
  }
  end(error: NetError | null): void {
    if (this.closed) return;
    this.closed = true;
    this.error = error;
    if (error) this.runs = [];
    this.flight = [];
    this.net.events.push(() => {
      const { user } = this;
      this.user = null;
      user?.closed?.(this, error);
    });
    this.net.changed = true;
  }
  setNoDelay(noDelay: boolean): void {
    this.noDelay = noDelay;
  }
  setKeepAlive(): void {}
  setUserTimeout(): void {}
  setTrafficClass(): void {}

  /** Lets what is in flight arrive; says whether something did. */
  deliver(): boolean {
    const { peer } = this;
    let arrived = false;
    if (peer.opening) return false;
    if (this.flight.length > 0) {
      const size = this.unacknowledged;
      const bytes = new Uint8Array(size);
      let at = 0;
      for (const run of this.flight) {
        bytes.set(run, at);
        at += run.length;
      }
      this.flight = [];
      const cut = this.net.segment(size);
      if (cut < size) this.flight.push(bytes.slice(cut));
      if (peer.readClosed) {
        this.abort();
        return true;
      }
      peer.runs.push(bytes.slice(0, cut));
      arrived = true;
    }
    if (this.finFlight && this.flight.length === 0) {
      this.finFlight = false;
      peer.finArrived = true;
      arrived = true;
    }
    if (arrived) {
      if (!peer.readClosed) peer.user?.readable?.(peer);
      if (
        peer.finArrived && this.finArrived && !this.finFlight && !peer.finFlight &&
        this.runs.length + peer.runs.length === 0
      ) {
        this.end(null);
        peer.end(null);
      }
    }
    if (this.wantsWritable && this.writable > 0) {
      this.wantsWritable = false;
      this.user?.writable?.(this);
      arrived = true;
    }
    return arrived;
  }
}

/** Everything at once: core, TCP and the wire. */
export class FakeNet {
  readonly clock = new ManualClock(0);
  readonly timers = new Timers();
  readonly connections: FakeConnection[] = [];
  readonly events: (() => void)[] = [];
  readonly reported: unknown[] = [];
  readonly counted: Record<string, object> = {};
  changed = false;
  closers: (() => void)[] = [];
  #listeners = new Map<number, (connection: TcpConnection) => TcpUser | null>();
  #senders: Sender[] = [];
  #port = 50_000;
  opened = 0;

  /** How many of so many bytes arrive at once. */
  segment: (size: number) => number = (size) => size;

  readonly core = {
    clock: this.clock,
    timers: this.timers,
    now: () => this.clock.now(),
    random: () => 1,
    ready: (sender: Sender) => {
      if (!sender.queued) this.#senders.push(sender);
      sender.queued = true;
    },
    wake: () => {},
    count: (owner: string, counters: object) => void (this.counted[owner] = counters),
    onClose: (close: () => void) => void this.closers.push(close),
    report: (error: unknown) => void this.reported.push(error),
  } as unknown as Core;

  readonly tcp: Tcp = {
    accept: ({ port, hostname }: TcpListenOptions, onConnection: (c: TcpConnection) => TcpUser | null): TcpAcceptor => {
      if (this.#listeners.has(port)) throw new NetError("EADDRINUSE", "in use");
      this.#listeners.set(port, onConnection);
      return { local: { hostname: hostname ?? "0.0.0.0", port }, close: () => void this.#listeners.delete(port) };
    },
    open: (options: TcpConnectOptions, user: TcpUser): TcpConnection => {
      this.opened++;
      const client = this.#connect(options.port, options.hostname, (server) => {
        const accept = this.#listeners.get(options.port);
        this.events.push(() => {
          if (!accept) return client.end(new NetError("ECONNREFUSED", "Connection refused"));
          client.opening = false;
          server.user = accept(server);
          client.user?.opened?.(client);
        });
      });
      client.opening = true;
      client.user = user;
      this.changed = true;
      return client;
    },
    connect: () => Promise.reject(new Error("not here")),
    listen: () => {
      throw new Error("not here");
    },
  };

  #connect(port: number, hostname: string, established: (server: FakeConnection) => void): FakeConnection {
    const near = { hostname: "10.0.0.1", port: this.#port++ };
    const far = { hostname, port };
    const client = new FakeConnection(this, near, far);
    const server = new FakeConnection(this, far, near);
    client.peer = server;
    server.peer = client;
    this.connections.push(client, server);
    established(server);
    return client;
  }

  /** Opens a raw connection to a server. */
  raw(port = 80): RawClient {
    const accept = this.#listeners.get(port);
    const client = this.#connect(port, "10.0.0.2", (server) => {
      if (!accept) server.peer.end(new NetError("ECONNREFUSED", "Connection refused"));
      else server.user = accept(server);
    });
    return new RawClient(client);
  }

  /** One turn: what is in flight arrives. */
  turn(): boolean {
    this.changed = false;
    let moved = false;
    for (const event of this.events.splice(0)) {
      event();
      moved = true;
    }
    for (const connection of this.connections) if (connection.deliver()) moved = true;
    for (const sender of this.#senders.splice(0)) {
      sender.queued = false;
      sender.send(0);
      moved = true;
    }
    for (let i = this.connections.length - 1; i >= 0; i--) {
      if (this.connections[i]!.closed) this.connections.splice(i, 1);
    }
    return moved || this.changed;
  }

  /** Turns, with the app's promises between, until nothing moves. */
  async settle(): Promise<void> {
    for (let idle = 0; idle < 6;) {
      if (this.turn()) idle = 0;
      else idle++;
      for (let i = 0; i < 12; i++) await null;
      if (idle > 2) await new Promise<void>((resolve) => yieldToHost(resolve));
    }
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    for (;;) {
      await this.settle();
      const next = Math.max(this.clock.now(), this.timers.next);
      if (next > end) break;
      this.clock.advanceTo(next);
      this.timers.run(this.clock.now());
    }
    this.clock.advanceTo(end);
    this.timers.run(end);
    await this.settle();
  }

  counter(name: string): number {
    return (this.counted.http as Record<string, number>)[name]!;
  }
}

/** A client that sends bytes as the test says. */
export class RawClient implements TcpUser {
  received = "";
  ended = false;
  error: NetError | null = null;
  over = false;
  reading = true;
  constructor(readonly connection: FakeConnection) {
    connection.user = this;
  }
  send(text: string): this {
    this.connection.write(Uint8Array.from(text, (c) => c.charCodeAt(0)));
    return this;
  }
  end(): this {
    this.connection.closeWrite();
    return this;
  }
  take(): string {
    const { received } = this;
    this.received = "";
    return received;
  }
  readable(): void {
    if (!this.reading) return;
    const buffer = new Uint8Array(this.connection.readable);
    this.connection.read(buffer);
    let text = "";
    for (const octet of buffer) text += String.fromCharCode(octet);
    this.received += text;
    if (this.connection.readEnded) this.ended = true;
  }
  closed(_: TcpConnection, error: NetError | null): void {
    this.over = true;
    this.error = error;
  }
}

/** Pieces of random size, from a seed. */
export function randomSegments(random: () => number, most = 40): (size: number) => number {
  return (size) => Math.min(size, 1 + (random() >>> 0) % most);
}
