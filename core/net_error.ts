/**
 * The one error for what the network does.
 *
 * @module
 */

/** POSIX names of what may happen on a network. */
export type NetErrorCode =
  | "EACCES"
  | "EADDRINUSE"
  | "EADDRNOTAVAIL"
  | "EBUSY"
  | "ECONNABORTED"
  | "ECONNREFUSED"
  | "ECONNRESET"
  | "EHOSTUNREACH"
  | "EINVAL"
  | "EMFILE"
  | "EMSGSIZE"
  | "ENETDOWN"
  | "ENETUNREACH"
  | "ENOBUFS"
  | "ENODEV"
  | "ENOENT"
  | "ENOPROTOOPT"
  | "ENOTCONN"
  | "ENOTFOUND"
  | "EPERM"
  | "EPIPE"
  | "EPROTO"
  | "ETIMEDOUT";

/** What the network did, with a POSIX code. What the caller did wrong is a `TypeError` or a `RangeError` instead. */
export class NetError extends Error {
  /** The name of the class. */
  override readonly name: string = "NetError";
  /** What happened, by its POSIX name. */
  readonly code: NetErrorCode;

  /**
   * Makes an error.
   *
   * @param code What happened.
   * @param message The same in one sentence.
   */
  constructor(code: NetErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
