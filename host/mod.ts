/**
 * The sockets of the host behind the interfaces of the stack, so that an app runs on either by changing one line:
 *
 * ```ts
 * import { host } from "@bonsai/net/host";
 *
 * const net = host();
 * net.http.serve(() => new Response("hello"), { port: 0, hostname: "127.0.0.1" });
 * net.close();
 * ```
 *
 * It is the fallback where raw access is missing, and the baseline to measure against. It runs in Deno, Bun and Node.
 *
 * @module
 */

import type { HttpFetching, HttpServer, HttpServing } from "../protocols/http.ts";
import type { Tcp } from "../protocols/tcp.ts";
import type { UdpDatagramConn, UdpListenOptions } from "../protocols/udp.ts";
import { serveHttp } from "./http.ts";
import { connectTcp, listenTcp } from "./tcp.ts";
import { HostDatagrams } from "./udp.ts";
import { Opened, type Watch } from "./watch.ts";

/**
 * TCP of a stack and of the host: what both have. A stack's `accept` and `open`, which hand over bytes in the middle of
 * its turn, are its own. In Node the port of a listener that asked for port 0 is known a moment later.
 */
export interface HostTcp extends Pick<Tcp, "connect" | "listen"> {}

/** A UDP socket of a stack and of the host: what both have. */
export interface HostDatagramConn
  extends
    Pick<UdpDatagramConn, "addr" | "receive" | "send" | "connect" | "joinMulticastV4" | "joinMulticastV6" | "close">,
    AsyncIterable<[data: Uint8Array<ArrayBuffer>, from: UdpDatagramConn["addr"]]>,
    Disposable {}

/** UDP of a stack and of the host: what both have. A stack's `bind`, which reads datagrams within its turn, is its own. */
export interface HostUdp {
  /**
   * Opens a socket.
   *
   * @param options Its port, and all else. Over the host, `trafficClass`, `dontFragment` and `onError` change nothing.
   */
  listen(options: UdpListenOptions): HostDatagramConn;
}

/**
 * HTTP of a stack and of the host. Options of `serve` are checked alike, and `maxContent` holds everywhere; of the other
 * limits each host keeps those that its own server has:
 *
 * - Deno: none.
 * - Bun: `idleTimeout`, in whole seconds, 255 at most.
 * - Node: `maxTarget` and `maxFields` as one sum, `maxFieldCount` (more fields are left out), `maxRequests` (more get
 *   503), `maxConnections`, `headTimeout` and `idleTimeout`. A port asked for by 0 is known once the server listens:
 *   `onListen` tells.
 */
export interface HostHttp extends HttpServing, HttpFetching {}

/** What {@linkcode host} gives. */
export interface HostNet extends Disposable {
  /** TCP. */
  readonly tcp: HostTcp;
  /** UDP. */
  readonly udp: HostUdp;
  /** HTTP/1.1. */
  readonly http: HostHttp;
  /** Closes all that was opened and is still open. */
  close(): void;
}

/**
 * Gives TCP, UDP and HTTP over the host's own sockets.
 *
 * @returns What a stack with `tcp()`, `udp()` and `http()` gives, as far as apps use it.
 */
export function host(): HostNet {
  const opened = new Opened();
  const close = (): void => opened.close();
  const watch: Watch = (conn) => opened.add(() => conn.abort());
  return {
    tcp: {
      connect: (options) => connectTcp(options, watch),
      listen(options) {
        let forget = (): void => {};
        const listener = listenTcp(options, watch, () => forget());
        forget = opened.add(() => listener.close());
        return listener;
      },
    },
    udp: {
      listen(options) {
        let forget = (): void => {};
        const conn = new HostDatagrams(options, () => forget());
        forget = opened.add(() => conn.close());
        return conn;
      },
    },
    http: {
      serve(...args: Parameters<typeof serveHttp>): HttpServer {
        const { server, abort } = serveHttp(...args);
        const forget = opened.add(abort);
        server.finished.then(forget, forget);
        return server;
      },
      fetch: (input, init) => fetch(input, init),
    },
    close,
    [Symbol.dispose]: close,
  };
}
