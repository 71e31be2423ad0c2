/**
 * The states of a connection (RFC 9293, 3.3.2), in an order that makes the common questions comparisons.
 *
 * @module
 */

/** A state of a connection. */
export type State = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/** No connection. */
export const CLOSED = 0;
/** A SYN was sent. */
export const SYN_SENT = 1;
/** A SYN was received and sent. */
export const SYN_RECEIVED = 2;
/** Data flows; from here on the connection is synchronized. */
export const ESTABLISHED = 3;
/** The peer closed first; we may still send. */
export const CLOSE_WAIT = 4;
/** We closed first; our FIN is not acknowledged. */
export const FIN_WAIT_1 = 5;
/** We closed first; our FIN is acknowledged. */
export const FIN_WAIT_2 = 6;
/** Both closed at once; our FIN is not acknowledged. */
export const CLOSING = 7;
/** The peer closed first, then we; our FIN is not acknowledged. */
export const LAST_ACK = 8;
/** Over; old segments are waited out. */
export const TIME_WAIT = 9;

/**
 * Whether the peer may still send data in a state.
 *
 * @param state The state.
 * @returns Whether its FIN has not come yet.
 */
export function mayReceive(state: State): boolean {
  return state === ESTABLISHED || state === FIN_WAIT_1 || state === FIN_WAIT_2;
}
