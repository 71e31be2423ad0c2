/**
 * Numbers of the TCP header (RFC 9293, 7323, 2018).
 *
 * @module
 */

/** The flag of an end. */
export const FIN = 1;
/** The flag of a beginning. */
export const SYN = 2;
/** The flag of a reset. */
export const RST = 4;
/** The flag of an acknowledgement. */
export const ACK = 16;
/** The option that says nothing. */
export const NOP = 1;
/** The option that scales windows. */
export const SCALE = 3;
/** The option that allows selective acknowledgements. */
export const SACK_PERMITTED = 4;
/** The option of selective acknowledgements. */
export const SACK = 5;
/** The option of timestamps. */
export const STAMPS = 8;
