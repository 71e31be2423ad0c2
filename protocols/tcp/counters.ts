/**
 * What TCP counts.
 *
 * @module
 */

/** What TCP counts; `net.counters().tcp` shows it. */
export class TcpCounters {
  /** Segments received. */
  segmentsReceived: number = 0;
  /** Segments sent. */
  segmentsSent: number = 0;
  /** Segments sent again. */
  retransmitted: number = 0;
  /** Retransmission timeouts. */
  timeouts: number = 0;
  /** Recoveries that three duplicate acknowledgements began. */
  fastRetransmits: number = 0;
  /** Resets received and believed. */
  resetsReceived: number = 0;
  /** Resets sent. */
  resetsSent: number = 0;
  /** Challenge acknowledgements sent (RFC 5961). */
  challengeAcks: number = 0;
  /** Connections now, TIME-WAIT included. */
  connections: number = 0;
  /** Connections now in TIME-WAIT. */
  timeWait: number = 0;
  /** Connections that we opened. */
  activeOpens: number = 0;
  /** Connections that listeners took. */
  passiveOpens: number = 0;
  /** Connections that failed before they were established. */
  failedOpens: number = 0;
  /** Dropped: header or options that do not fit. */
  badHeader: number = 0;
  /** Dropped: wrong checksum. */
  badChecksum: number = 0;
  /** Dropped: to or from a broadcast or a group (MUST-57, MUST-63), or from port 0. */
  badAddress: number = 0;
  /** Dropped: no connection and no listener; answered with a reset. */
  noConnection: number = 0;
  /** Dropped: SYN, because the listener's backlog or the stack is full. */
  backlogFull: number = 0;
  /** Dropped: outside of the window. */
  outOfWindow: number = 0;
  /** Dropped: an old timestamp (PAWS). */
  oldTimestamp: number = 0;
  /** Dropped: an acknowledgement of what was never sent, or of what was long ago. */
  badAck: number = 0;
  /** Dropped: neither SYN nor ACK nor RST where one was needed. */
  badFlags: number = 0;
  /** Dropped: data for a connection whose user has closed. */
  dataAfterClose: number = 0;
  /** Segments that came out of order and were kept. */
  outOfOrder: number = 0;
  /** Probes of a closed window. */
  windowProbes: number = 0;
  /** Keepalive probes. */
  keepAliveProbes: number = 0;
  /** ICMP errors that concerned no connection, or none of its data. */
  strayFaults: number = 0;
}
