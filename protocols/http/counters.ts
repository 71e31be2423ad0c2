/**
 * What the HTTP layer counts.
 *
 * @module
 */

/** What the HTTP layer counts: requests, responses, and what was refused, by its reason. */
export class HttpCounters {
  /** Connections accepted. */
  connections: number = 0;
  /** Requests handed to the handler. */
  requests: number = 0;
  /** Responses sent to their end. */
  responses: number = 0;
  /** Requests that ended before their response did: the client went away, or the handler failed in the midst of it. */
  aborted: number = 0;
  /** Exceptions of handlers, and what they returned that is no `Response`. */
  handlerErrors: number = 0;
  /** Refused: the request line is malformed. */
  requestLine: number = 0;
  /** Refused: a method that is too long, or CONNECT. */
  method: number = 0;
  /** Refused: a request target that is in none of the four forms. */
  target: number = 0;
  /** Refused: the request target is too long. */
  longTarget: number = 0;
  /** Refused: the version is malformed, or not 1. */
  version: number = 0;
  /** Refused: a line does not end in CRLF. */
  lineEnd: number = 0;
  /** Refused: a field name is empty, no token, or not followed by its colon. */
  fieldName: number = 0;
  /** Refused: a field value holds a control character. */
  fieldValue: number = 0;
  /** Refused: too many bytes of field lines. */
  largeFields: number = 0;
  /** Refused: too many field lines. */
  manyFields: number = 0;
  /** Refused: Host is missing, given twice or malformed. */
  host: number = 0;
  /** Refused: Content-Length is given twice or malformed. */
  contentLength: number = 0;
  /** Refused: Transfer-Encoding with Content-Length, in HTTP/1.0, or other than "chunked". */
  transferEncoding: number = 0;
  /** Refused: an unknown expectation. */
  expectation: number = 0;
  /** Refused: a malformed chunk. */
  chunk: number = 0;
  /** Refused: malformed or too many trailer fields. */
  trailer: number = 0;
  /** Refused: too much content. */
  largeContent: number = 0;
  /** Refused: the connection ended within a message. */
  incomplete: number = 0;
  /** Given up: a request took too long. */
  timeouts: number = 0;
  /** Client: requests sent. */
  fetches: number = 0;
  /** Client: requests that went over a connection that was open already. */
  reused: number = 0;
  /** Client: requests sent again because an idle connection turned out to be closed. */
  retries: number = 0;
  /** Client: responses refused because they were malformed. */
  badResponses: number = 0;
}
