/**
 * The states of a connection (RFC 9293, 3.3.2), in an order that makes the common questions comparisons. TIME-WAIT is not
 * among them: what waits there is a {@linkcode TimeWait}, and no longer a connection.
 *
 * @module
 */

/** A state of a connection. */
export type State = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** No connection. */
export const CLOSED = 0;
/** A SYN was sent. */
export const SYN_SENT = 1;
/** A SYN was received and sent. */
export const SYN_RECEIVED = 2;
/** Data flows; from here on the connection is synchronized. */
export const ESTABLISHED = 3;
/** We closed first; our FIN is not acknowledged. */
export const FIN_WAIT_1 = 4;
/** We closed first; our FIN is acknowledged. */
export const FIN_WAIT_2 = 5;
/** The peer closed first; from here on it sends nothing more. We may still send. */
export const CLOSE_WAIT = 6;
/** Both closed at once; our FIN is not acknowledged. */
export const CLOSING = 7;
/** The peer closed first, then we; our FIN is not acknowledged. */
export const LAST_ACK = 8;
