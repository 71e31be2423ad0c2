/** More raw cases, as lists of what may and may not stand in one place of a request. */

import type { RawCase } from "./raw_case.ts";

const H = "Host: a\r\n";
const GET = `GET / HTTP/1.1\r\n${H}\r\n`;
const shown = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
const get = (fields: string): string => `GET / HTTP/1.1\r\n${fields}\r\n`;
const post = (fields: string, content: string): string => `POST /echo HTTP/1.1\r\n${H}${fields}\r\n${content}`;

/** Each is refused, and nothing after it is answered. */
function refused(what: string, list: string[], send: (text: string) => string, status = [400]): RawCase[] {
  return list.map((text) => ({
    name: `${what} ${shown(text)} is refused`,
    send: send(text) + GET,
    status: [status],
    closes: true,
  }));
}

/** Each is answered, and so is what follows. */
function taken(what: string, list: string[], send: (text: string) => string, includes?: string): RawCase[] {
  return list.map((text) => ({
    name: `${what} ${shown(text)} is taken`,
    send: send(text) + GET,
    status: [200, 200],
    closes: false,
    ...includes !== undefined && { includes },
  }));
}

export const LISTED_CASES: RawCase[] = [
  // RFC 9112, 2.3 and 3
  ...refused(
    "the version",
    ["HTTP/1.10", "HTTP/1", "HTTP/.1", "Http/1.1", "HTTP 1.1", "HTTP/1,1", "HTTP/1.1x", "HTTP/-1.1", "HTTP/1.01"],
    (version) => `GET / ${version}\r\n${H}\r\n`,
    [400, 505],
  ),
  ...refused(
    "the version",
    ["HTTP/11.1", "HTTP/x.1", "HTTP/1.x", "HTTPS/1.1", "HTTP/1. 1", "ICY/1.1", "HTTP\\1.1", "XHTTP/1.1", "HTTP//1.1"],
    (version) => `GET / ${version}\r\n${H}\r\n`,
    [400, 505],
  ),
  ...refused(
    "the target",
    [
      "foo",
      "*",
      "?q",
      ".",
      "\\",
      "a:80",
      "/\0",
      "/\x7f",
      "/a\tb",
      "/\xe9",
      "/#f",
      "http:///",
      "http:/a",
      "http://:80/",
    ],
    (target) => `GET ${target} HTTP/1.1\r\n${H}\r\n`,
  ),
  ...refused(
    "CONNECT",
    ["/", "a", "http://a/", "a:", "*", ":80", "a:80/x"],
    (target) => `CONNECT ${target} HTTP/1.1\r\n${H}\r\n`,
  ),
  ...taken(
    "the target",
    ["/?", "/?a?b", "/?//", "/?%00", "http://b", "http://b?x", "HTTP://[::1]:81/"],
    (target) => `GET ${target} HTTP/1.1\r\n${H}\r\n`,
  ),
  // RFC 9112, 5
  ...["(", ")", "/", "@", "[", "]", "{", "}", '"', ";", "=", "?", "\\", ",", "<", ">", "\0", "\x01", "\x7f", "\xe9"]
    .flatMap((octet) => refused("a field name with", [octet], () => get(`${H}X${octet}: y\r\n`))),
  ...taken(
    "a field name of",
    ["!#$%&'*+-.^_`|~", "0", "__proto__", "constructor"],
    (name) => get(`${H}${name}: y\r\n`),
  ),
  ...refused(
    "the value",
    ["a\0b", "a\rb", "\ra", "a\r", "a\r\n b", "a\r\n\tb", "a\r\n "],
    (value) => get(`${H}X: ${value}\r\n`),
  ),
  ...refused("the first line", [" X: y", "\tX: y", " ", "\t"], (line) => get(`${line}\r\n${H}`)),
  // RFC 9112, 3.2
  ...refused(
    "Host",
    ["a b", "a/b", "a@b", "a:b", "a:99999", "a:-1", "[::1", "::1", "a:80:80", "a#b", "a?b", "http://a", "[x]", "a\\b"],
    (host) => get(`Host: ${host}\r\n`),
  ),
  ...refused(
    "Host",
    [
      "a<b",
      'a"b',
      "%zz",
      "\xe9",
      "a|b",
      "[::1]x",
      "a ,b",
      "a\tb",
      "{a}",
      "[]",
      "a^b",
      "a`b",
      "[::1]:x",
      "a:8 0",
      ":80",
    ],
    (host) => get(`Host: ${host}\r\n`),
  ),
  ...taken(
    "Host",
    ["a,b", "a:", "a%20b", "a_b", "a.", "-", "1.2.3.4", "[::1]:80", "a:0", "[v1.x]", "", "a:00080", "[::ffff:1.2.3.4]"],
    (host) => get(`Host: ${host}\r\n`),
  ),
  // RFC 9112, 6.2
  ...refused(
    "Content-Length",
    ["+5", "-5", "-0", "5x", "0x5", "5.0", "5e0", "", "5 5", "5, 6", "5,", ",5", "5;", "5_0", "\xb25", '"5"', "NaN"],
    (length) => post(`Content-Length: ${length}\r\n`, "hello"),
  ),
  ...refused(
    "Content-Length",
    ["18446744073709551616", "9".repeat(400), "Infinity", "5\v", "\v5", "5\f", "5\0", "0, 0, 6", "\x855"],
    (length) => post(`Content-Length: ${length}\r\n`, "hello"),
  ),
  ...refused(
    "beside chunks Content-Length",
    ["0", "5", "x", ""],
    (length) => post(`Transfer-Encoding: chunked\r\nContent-Length: ${length}\r\n`, "0\r\n\r\n"),
  ),
  // RFC 9112, 6.1
  ...taken(
    "Transfer-Encoding",
    ["CHUNKED", " \tchunked\t "],
    (coding) => post(`Transfer-Encoding:${coding}\r\n`, "5\r\nhello\r\n0\r\n\r\n"),
    "hello",
  ),
  ...refused(
    "Transfer-Encoding",
    ["", "identity, chunked", "chunked;", "chunked;q=1", "\vchunked", "chunked\v", "\fchunked", "\xa0chunked", "chunk"],
    (coding) => post(`Transfer-Encoding: ${coding}\r\n`, "0\r\n\r\n"),
    [400, 501],
  ),
  ...refused(
    "with a length too",
    [
      "Transfer-Encoding : chunked",
      "Transfer-Encoding\t: chunked",
      " Transfer-Encoding: chunked",
      "Transfer-Encoding:\r\n chunked",
      "Transfer-Encoding\0: chunked",
      "Transfer Encoding: chunked",
      "X: a\rTransfer-Encoding: chunked",
      "X: a\nTransfer-Encoding: chunked",
    ],
    (line) => post(`Content-Length: 5\r\n${line}\r\n`, "0\r\n\r\n"),
  ),
  // RFC 9112, 7.1
  ...refused(
    "the line of a chunk",
    ["", "5 ", "\t5", "5,", '"5"', "5.0", "5\0", "5h", "5\r", "5;\nxx", "5;a\0", "5;a\x01", "5;a\rb", "5_0", "\xb25"],
    (line) => post("Transfer-Encoding: chunked\r\n", `${line}\r\nhello\r\n0\r\n\r\n`),
  ),
  ...refused(
    "after a chunk,",
    ["\n", "\r", "", "XX", "\r\r\n", " \r\n", "\r\n\r\n"],
    (end) => post("Transfer-Encoding: chunked\r\n", `5\r\nhello${end}0\r\n\r\n`),
  ),
  ...refused(
    "the trailer",
    ["X : y", "abc", "X: y\r\n z", ": y", "X: \0", "X: a\rb", "GET / HTTP/1.1", " X: y", "X\xe9: y", "X: a\nb: c"],
    (line) => post("Transfer-Encoding: chunked\r\n", `0\r\n${line}\r\n\r\n`),
  ),
  ...refused(
    "too many trailers,",
    ["X: y\r\n"],
    (line) => post("Transfer-Encoding: chunked\r\n", `0\r\n${line.repeat(300)}\r\n`),
    [400, 431],
  ),
  ...taken(
    "the trailer",
    ["X: y", "X:", "Content-Length: 50", "Transfer-Encoding: gzip", "Host: b"],
    (line) => post("Transfer-Encoding: chunked\r\n", `5\r\nhello\r\n0\r\n${line}\r\n\r\n`),
    "hello",
  ),
  // RFC 9112, 9.3 and 9.6
  ...["close", "Close", "CLOSE", "close, foo", "foo,close", "close,", ", close", "keep-alive, close", "\tclose\t"]
    .map((option): RawCase => ({
      name: `Connection ${shown(option)} closes`,
      send: get(`${H}Connection: ${option}\r\n`) + GET,
      status: [200],
      closes: true,
      includes: "\r\nConnection: close\r\n",
    })),
  ...taken(
    "Connection",
    ["keep-alive", "closed", "foo", "", "xclose", "close-foo", "TE", '"close"'],
    (option) => get(`${H}Connection: ${option}\r\n`),
  ),
  ...["", "Connection: close\r\n", "Connection: keep-alive, close\r\n", "Proxy-Connection: keep-alive\r\n"]
    .map((fields): RawCase => ({
      name: `1.0 with ${shown(fields)} closes`,
      send: `GET / HTTP/1.0\r\n${fields}\r\n${GET}`,
      status: [200],
      closes: true,
    })),
  // RFC 9110, 9.3.6 and 10.1.1
  ...refused(
    "Expect",
    ["100-continue2", "200-ok", "100-continue;q=1", "a=b"],
    (expectation) => post(`Content-Length: 5\r\nExpect: ${expectation}\r\n`, "hello"),
    [417],
  ),
  // RFC 9110, 15
  ...[201, 202, 206, 301, 404, 405, 410, 426, 429, 500, 503, 599].map((status): RawCase => ({
    name: `an empty ${status} says so`,
    send: `GET /status/${status} HTTP/1.1\r\n${H}\r\n${GET}`,
    status: [status, 200],
    closes: false,
    includes: "\r\nContent-Length: 0\r\n",
  })),
  // RFC 9110, 7.8
  {
    name: "what the app says of the connection is kept beside ours",
    send: `GET /upgrade HTTP/1.1\r\n${H}\r\n${GET}`,
    status: [426],
    closes: true,
    includes: "\r\nConnection: close, upgrade\r\n",
  },
];
