/**
 * The transmission control block: what TCP knows of one connection (RFC 9293, 3.3.1). Its fields bear the RFC's names;
 * `receive.ts` and `send.ts` work on them.
 *
 * @module
 */

import type { Path } from "../../core/ip.ts";
import { NetError, type NetErrorCode } from "../../core/net_error.ts";
import type { Sender } from "../../core/protocol.ts";
import { Timer } from "../../core/timers.ts";
import { Ring } from "./buffers.ts";
import type { CongestionControl } from "./congestion.ts";
import type { Endpoint } from "./demux.ts";
import type { Listener } from "./listener.ts";
import { onTimer } from "./on_timer.ts";
import { ReceiveBuffer } from "./reassembly.ts";
import { RttEstimator } from "./rtt.ts";
import { Scoreboard } from "./scoreboard.ts";
import { before } from "./sequence.ts";
import { serveConnection } from "./send.ts";
import type { TcpShared } from "./shared.ts";
import { CLOSED, type State } from "./state.ts";

/** Event for the user: the connection is established. */
export const EVENT_OPENED = 1;
/** Event for the user: there is more to read. */
export const EVENT_READABLE = 2;
/** Event for the user: there is room to write, or all is acknowledged. */
export const EVENT_WRITABLE = 4;
/** Event for the user: the connection is over. */
export const EVENT_CLOSED = 8;
/** Event for the user: the peer has urgent data. */
export const EVENT_URGENT = 16;

/** How long a peer may take to close too once our user has closed (FIN-WAIT-2), in milliseconds. */
export const FIN_WAIT_2_TIMEOUT = 60_000;
/** How long a peer that began a handshake may take to finish it, in milliseconds. */
const HALF_OPEN_TIMEOUT = 60_000;

/** The timer of a connection. Its function is shared by all, so that a connection holds no closures. */
class TcbTimer extends Timer {
  constructor(readonly tcb: Tcb) {
    super(fire);
  }
}

function fire(this: TcbTimer, now: number): void {
  onTimer(this.tcb, now);
}

/** What TCP knows of one connection. */
export abstract class Tcb implements Endpoint, Sender {
  /** Whether it stands in the core's queue of senders. */
  queued: boolean = false;
  /** The state. */
  state: State = CLOSED;
  /** Whether it was opened by a listener (MUST-11); null when we opened it, or once it was handed to the user. */
  listener: Listener | null = null;
  /** The next one in its bucket of the demultiplexer. */
  chain: Endpoint | null = null;

  /** SND.UNA: the oldest sequence number not acknowledged. */
  sndUna: number = 0;
  /** SND.NXT: the next sequence number to send; falls back to SND.UNA to send again. */
  sndNxt: number = 0;
  /** The highest SND.NXT there was. */
  sndMax: number = 0;
  /** SND.WND: the peer's window from SND.UNA on, in bytes. */
  sndWnd: number = 0;
  /** The largest SND.WND there was (Max.SND.WND). */
  sndWndMax: number = 0;
  /** The oldest acknowledgement that is believed: of our SYN, and no older than Max.SND.WND (RFC 5961, 5.2). */
  ackLow: number = 0;
  /** SND.WL1: SEG.SEQ of the last window update. */
  sndWl1: number = 0;
  /** SND.WL2: SEG.ACK of the last window update. */
  sndWl2: number = 0;
  /** SND.UP: one past the last byte of urgent data to send. */
  sndUp: number = 0;
  /** One past the last segment sent that was smaller than the largest, for Nagle's algorithm. */
  sndSmall: number = 0;
  /** ISS: our initial sequence number. */
  iss: number = 0;
  /** The shift of the peer's windows (Snd.Wind.Shift). */
  sndShift: number = 0;
  /** The largest segment that the peer takes (its MSS option), in bytes. */
  peerMss: number = 0;
  /** Whether our FIN follows what is queued. */
  finQueued: boolean = false;

  /** RCV.NXT: the next sequence number expected. */
  rcvNxt: number = 0;
  /** The right edge of the window that the peer was told of: RCV.NXT + RCV.WND. */
  rcvAdv: number = 0;
  /** RCV.UP: one past the last byte of the peer's urgent data. */
  rcvUp: number = 0;
  /** IRS: the peer's initial sequence number. */
  irs: number = 0;
  /** The shift of our windows (Rcv.Wind.Shift); 0 unless the peer scales too. */
  rcvShift: number = 0;
  /** Whether windows are scaled: offered by us until the peer's SYN decides. */
  scaling: boolean = true;
  /** Sequence number of the peer's FIN where it came before missing data, and whether it did. */
  rcvFin: number = 0;
  /** Whether the peer's FIN was seen; it counts once RCV.NXT reaches it. */
  finSeen: boolean = false;

  /** Whether both sides use timestamps (Snd.TS.OK). */
  timestamps: boolean = false;
  /** TS.Recent: the peer's clock, to be echoed. */
  tsRecent: number = 0;
  /** When TS.Recent was heard, in milliseconds; it is outdated after 24 days (RFC 7323, 5.5). */
  tsRecentAt: number = 0;
  /** Last.ACK.sent. */
  lastAckSent: number = 0;

  /** Whether both sides use selective acknowledgements: offered by us until the peer's SYN decides. */
  sack: boolean = false;
  /** What the peer has acknowledged selectively; made with the first such block. */
  scoreboard: Scoreboard | null = null;

  /** Bytes to send, from SND.UNA on. */
  readonly sendBuffer: Ring;
  /** Bytes received. */
  readonly receiveBuffer: ReceiveBuffer;
  /** The round-trip time. */
  readonly rtt: RttEstimator;
  /** How much may be in flight; made when the connection is established. */
  congestion!: CongestionControl;

  /** Segments in a row that acknowledge nothing new (RFC 5681). */
  dupAcks: number = 0;
  /** SND.MAX when the first of them came: what limited transmit sends does not count as in flight (RFC 5681, 3.2). */
  flightEnd: number = 0;
  /** Whether lost data is being recovered (RFC 6582). */
  recovering: boolean = false;
  /** The highest sequence number sent when the recovery began; also guards against a second one (RFC 6582, 3.2). */
  recover: number = 0;
  /** Whether what lies below `recover` is sent again after a timeout. */
  retransmitting: boolean = false;
  /** Bytes by which duplicate acknowledgements inflate the congestion window. */
  inflation: number = 0;
  /** The sequence number whose acknowledgement is timed where timestamps are off. */
  timedSeq: number = 0;
  /** When it was sent, in milliseconds; -1 when none is timed. */
  timedAt: number = -1;
  /** When the oldest data not acknowledged was sent first, or the first unanswered probe, in milliseconds; infinity for none. */
  unansweredSince: number = Infinity;
  /** When data was sent last, in milliseconds. */
  lastSentAt: number = 0;
  /** Whether the retransmission timer waits for the window to open instead. */
  persisting: boolean = false;

  /** Whether an acknowledgement is due now; in the first two states our SYN, which may bear one. */
  ackNow: boolean = false;
  /** Bytes of the largest segment that the peer has sent: what counts as a full one of its. */
  rcvMss: number = 0;
  /** Bytes received since the last acknowledgement was sent. */
  unacked: number = 0;
  /** Challenge acknowledgements that may be sent in this second (RFC 5961, 7). */
  challenges: number = 0;
  /** When that second began, in milliseconds. */
  challengesSince: number = -Infinity;

  /** How long data or a probe may stay unanswered before the connection ends, in milliseconds (R2). */
  timeout: number;
  /** Whether small segments are sent although data is in flight. */
  noDelay: boolean = false;
  /** Milliseconds without traffic before a keepalive probe; infinity for never. */
  keepAlive: number = Infinity;
  /** When the peer was heard last, in milliseconds. */
  lastHeardAt: number = 0;
  /** Keepalive probes sent and not answered. */
  keepAliveProbes: number = 0;

  /** Events that the user has not been told yet. */
  events: number = 0;
  /** Whether the user waits for room to write. */
  wantsWritable: boolean = false;
  /** Whether the user is done with reading: it has closed. */
  readClosed: boolean = false;
  /** Why the connection ended, or what an ICMP error said of it so far. */
  fault: NetError | null = null;

  /** When retransmission, persist or FIN-WAIT-2 is due, never two of them at once, in milliseconds; infinity for never. */
  dueAt: number = Infinity;
  /** When a delayed acknowledgement is due, in milliseconds; infinity for never. */
  ackAt: number = Infinity;
  /** When keepalive is due, in milliseconds; infinity for never. */
  keepAliveAt: number = Infinity;
  /** The timer for the first of these three; it may fire too early, never too late. */
  readonly timer: Timer = new TcbTimer(this);

  /**
   * Makes a closed block.
   *
   * @param shared What all connections share.
   * @param path The way to the peer.
   * @param localPort Our port.
   * @param remotePort The peer's port.
   */
  constructor(
    readonly shared: TcpShared,
    readonly path: Path,
    readonly localPort: number,
    readonly remotePort: number,
  ) {
    this.sendBuffer = new Ring(shared.buffers, shared.sendBuffer);
    this.receiveBuffer = new ReceiveBuffer(shared.buffers, shared.receiveBuffer);
    this.timeout = shared.timeout;
    this.rtt = new RttEstimator(shared.minRto);
    path.dontFragment = true;
  }

  /**
   * Has our SYN sent.
   *
   * @param iss ISS.
   */
  begin(iss: number): void {
    this.iss =
      this.sndUna =
      this.sndNxt =
      this.sndMax =
      this.recover =
      this.sndUp =
      this.sndSmall =
        iss;
    this.ackLow = iss + 1 | 0;
    this.timestamps = this.shared.timestamps;
    this.sack = this.shared.sack;
    this.acknowledge();
  }

  /** Does the work of a turn: events, then segments. */
  send(room: number): boolean {
    return serveConnection(this, room);
  }

  /** Tells the user what happened. */
  abstract deliver(): void;

  /** Has the work of this turn done at its end. */
  wake(): void {
    this.shared.core.ready(this);
  }

  /** Sends an acknowledgement at the end of the turn; in the first two states our SYN. */
  acknowledge(): void {
    this.ackNow = true;
    this.wake();
  }

  /**
   * Tells the user of an event at the end of the turn.
   *
   * @param event The event.
   */
  raise(event: number): void {
    this.events |= event;
    this.wake();
  }

  /** Arms the timer for what is due first. */
  arm(): void {
    const { timers } = this.shared.core;
    const first = Math.min(this.dueAt, this.ackAt, this.keepAliveAt);
    if (first < Infinity) timers.arm(this.timer, first);
    else timers.disarm(this.timer);
  }

  /**
   * Has {@linkcode onTimer} called.
   *
   * @param delay In how many milliseconds; infinity for never.
   */
  due(delay: number): void {
    this.dueAt = this.shared.core.now() + delay;
    this.arm();
  }

  /** When the connection ends unless the peer answers what is unanswered (R2), in milliseconds. */
  get givesUpAt(): number {
    const { listener, opening, shared, timeout } = this;
    return this.unansweredSince + (!opening ? timeout : listener ? HALF_OPEN_TIMEOUT : shared.openTimeout);
  }

  /** The scoreboard, made when it is needed first. */
  board(): Scoreboard {
    return this.scoreboard ??= new Scoreboard(this.sndMax);
  }

  /** Whether our SYN is not acknowledged; SND.UNA alone does not tell, for it is ISS again 4 GiB later. */
  get opening(): boolean {
    return before(this.sndUna, this.ackLow);
  }

  /** RCV.WND: the window that the peer was told of, from RCV.NXT on, in bytes. */
  get rcvWnd(): number {
    return Math.max(this.rcvAdv - this.rcvNxt | 0, 0);
  }

  /**
   * Makes an error about the connection.
   *
   * @param code What happened.
   * @param what The same in words, to follow "Connection to …".
   */
  failure(code: NetErrorCode, what: string): NetError {
    const { network, destination } = this.path;
    return new NetError(code, `Connection to ${network.format(destination)} port ${this.remotePort} ${what}`);
  }

  /** Eff.snd.MSS: bytes of data in the largest segment that we send (MUST-16; RFC 6691). */
  get mss(): number {
    const mss = Math.min(this.peerMss, this.path.mms - 20);
    return this.timestamps ? mss - 12 : mss;
  }
}
