/**
 * The TCP layer with passive opens: it also takes connections (RFC 9293, 3.10.7.2).
 *
 * @module
 */

import { type Ip, sameAddress } from "../../core/ip.ts";
import { NetError } from "../../core/net_error.ts";
import type { Packet } from "../../core/packet.ts";
import type { Core } from "../../core/protocol.ts";
import type { Tcp, TcpConnection, TcpListener, TcpListenOptions, TcpUser } from "../tcp.ts";
import { TcpLayer } from "./layer.ts";
import { Listener } from "./listener.ts";
import { Listening } from "./listening.ts";
import { checkPort, ephemeralPort } from "./ports.ts";
import { takeSyn } from "./receive.ts";
import { ACK, FIN, type Segment, SYN } from "./segment.ts";
import type { TcpOptions } from "./settings.ts";
import { SYN_RECEIVED } from "./state.ts";
import type { TimeWait } from "./time_wait.ts";

/** Connections that may wait to be accepted where the app sets no limit. */
const BACKLOG = 1024;

/** The TCP layer: it opens connections and takes them. */
export class PassiveLayer extends TcpLayer implements Tcp {
  readonly #listeners: Map<number, Listener[]> = new Map();

  /**
   * Starts the layer.
   *
   * @param core The core.
   * @param ip What carries it.
   * @param options Limits and times.
   */
  constructor(core: Core, ip: Ip, options: Required<TcpOptions>) {
    super(core, ip, options);
    core.onClose(() => {
      for (const listener of [...this.#listeners.values()].flat()) listener.close();
    });
  }

  /** Whether somebody listens on a port. */
  override listensOn(port: number): boolean {
    return this.#listeners.has(port);
  }

  /** Takes a segment for no connection: a listener's, or one to refuse. */
  override withoutConnection(packet: Packet, segment: Segment, old: TimeWait | null): void {
    const { counters, timeWaits } = this.shared;
    const { flags, destinationPort } = segment;
    const { ip } = packet;
    const listener = this.#listeners.get(destinationPort)?.find(({ address }) =>
      address === null || sameAddress(address, ip!.destination(packet))
    );
    if (!listener || flags & ACK) return super.withoutConnection(packet, segment, old);
    // A SYN that closes at once is no way to begin.
    if (!(flags & SYN) || flags & FIN) {
      counters.badFlags++;
      return;
    }
    // The old connection's numbers are all below those of the new one (RFC 1122, 4.2.2.13).
    if (old) timeWaits.end(old);
    if (!listener.makeRoom() || !this.makeRoom()) {
      counters.backlogFull++;
      return;
    }
    const path = ip!.pathBack(packet);
    if (!path) {
      counters.badAddress++;
      return;
    }
    const iss = old ? old.sndNxt + 0x20000 | 0 : undefined;
    const connection = this.start(path, destinationPort, segment.sourcePort, SYN_RECEIVED, iss);
    listener.halfOpened(connection);
    takeSyn(connection, segment);
  }

  /** Takes connections on a port, without promises. */
  accept(options: TcpListenOptions, onConnection: (connection: TcpConnection) => TcpUser | null): Listener {
    const { hostname = "0.0.0.0", backlog = BACKLOG } = options;
    const found = hostname === "0.0.0.0" || hostname === "::" ? null : this.parse(hostname);
    if (found && !found.network.isLocal(found.address)) {
      throw new NetError("EADDRNOTAVAIL", `Cannot listen on ${hostname}: it is none of this stack's addresses`);
    }
    const address = found && found.address;
    const port = checkPort(options.port, 0) ||
      ephemeralPort(this.shared.core, (port) => !this.#listeners.has(port));
    const others = this.#listeners.get(port) ?? [];
    const isTaken = others.some((other) =>
      other.address === address || other.address !== null && address !== null && sameAddress(other.address, address)
    );
    if (port === 0 || isTaken) {
      throw new NetError("EADDRINUSE", `Cannot listen on TCP port ${port || options.port}: it is in use`);
    }
    const listener = new Listener({ hostname, port }, address, backlog, onConnection, () => {
      const rest = this.#listeners.get(port)!.filter((other) => other !== listener);
      if (rest.length > 0) this.#listeners.set(port, rest);
      else this.#listeners.delete(port);
    });
    // One for a certain address is found before one for all.
    this.#listeners.set(port, address === null ? [...others, listener] : [listener, ...others]);
    return listener;
  }

  /** Takes connections on a port, in the shape of `Deno.listen`. */
  listen(options: TcpListenOptions): TcpListener {
    return new Listening(this, options);
  }
}
