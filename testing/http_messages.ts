/**
 * Compares HTTP responses by what they mean, for streams whose bytes differ: a field's case and place say nothing.
 *
 * @module
 */

/** A response that was taken apart. */
interface Message {
  /** Its status, three digits. */
  readonly status: string;
  /** Its fields, names in lower case. */
  readonly fields: Map<string, string>;
  /** Its content. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Statuses without content. */
const EMPTY = /^(1\d\d|204|304)$/;

/**
 * Compares two streams of responses.
 *
 * @param recorded What was recorded.
 * @param live What came.
 * @param requests What was asked: a HEAD is answered without content.
 * @param ignore Names of fields that may differ, in lower case.
 * @returns The first difference in a sentence's end, an empty text when there is none; null when one is no stream of whole
 * responses.
 */
export function httpDifference(
  recorded: Uint8Array,
  live: Uint8Array,
  requests: Uint8Array,
  ignore: readonly string[],
): string | null {
  const heads = headsOf(requests);
  const [before, now] = [messages(recorded, heads), messages(live, heads)];
  if (!before || !now) return null;
  for (let i = 0; i < Math.max(before.length, now.length); i++) {
    const [wanted, got] = [before[i], now[i]];
    if (!wanted || !got) return `${before.length} responses were recorded, and ${now.length} came`;
    const difference = compare(wanted, got, ignore);
    if (difference) return `response ${i + 1}: ${difference}`;
  }
  return "";
}

/** Which of the requests are HEAD. */
function headsOf(requests: Uint8Array): boolean[] {
  const lines = latin1(requests).match(/^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH) \S+ HTTP\/1\.\d\r$/gm) ?? [];
  return lines.map((line) => line.startsWith("HEAD"));
}

/**
 * Reads the responses of a stream.
 *
 * @param stream The stream.
 * @param requests What was asked.
 * @returns The responses, interim ones left out; none when the stream is none of whole responses.
 */
export function readResponses(stream: Uint8Array, requests: Uint8Array): Response[] {
  const found = messages(stream, headsOf(requests)) ?? [];
  return found.filter(({ status }) => !status.startsWith("1")).map(({ status, fields, body }) => {
    const bare = EMPTY.test(status);
    return new Response(bare ? null : body.slice(), { status: Number(status), headers: [...fields] });
  });
}

function compare(wanted: Message, got: Message, ignore: readonly string[]): string | null {
  if (wanted.status !== got.status) return `status ${wanted.status} was recorded, and ${got.status} came`;
  for (const name of new Set([...wanted.fields.keys(), ...got.fields.keys()])) {
    const [before, now] = [wanted.fields.get(name), got.fields.get(name)];
    // How content is framed is no difference as long as it is the same.
    if (before === now || ignore.includes(name) || ["transfer-encoding", "content-length"].includes(name)) continue;
    const show = (value: string | undefined): string => value === undefined ? "absent" : JSON.stringify(value);
    return `field "${name}" is ${show(now)}, and was ${show(before)}`;
  }
  const size = Math.min(wanted.body.length, got.body.length);
  let at = 0;
  while (at < size && wanted.body[at] === got.body[at]) at++;
  if (at === wanted.body.length && at === got.body.length) return null;
  const piece = (bytes: Uint8Array): string => JSON.stringify(new TextDecoder().decode(bytes.subarray(at, at + 32)));
  return `byte ${at} of the content: ${piece(wanted.body)} was recorded, and ${piece(got.body)} came`;
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

/** Takes a stream apart; null when it is none of HTTP, or not whole. */
function messages(stream: Uint8Array, heads: readonly boolean[]): Message[] | null {
  const found: Message[] = [];
  for (let at = 0, answered = 0; at < stream.length;) {
    const text = latin1(stream.subarray(at, at + 65_536));
    const end = text.indexOf("\r\n\r\n");
    const start = /^HTTP\/1\.\d (\d{3})[^\r]*\r\n/.exec(text);
    if (end < 0 || !start) return null;
    const fields = new Map<string, string>();
    for (const line of text.slice(start[0].length, end).split("\r\n").filter(Boolean)) {
      const colon = line.indexOf(":");
      if (colon < 1) return null;
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      fields.set(name, fields.has(name) ? `${fields.get(name)}, ${value}` : value);
    }
    at += end + 4;
    const status = start[1]!;
    const none = EMPTY.test(status) || heads[answered] === true;
    if (!status.startsWith("1")) answered++;
    const body = none ? { bytes: new Uint8Array(0), end: at } : content(stream, at, fields);
    if (!body) return null;
    at = body.end;
    found.push({ status, fields, body: body.bytes });
  }
  return found;
}

function content(
  stream: Uint8Array,
  at: number,
  fields: ReadonlyMap<string, string>,
): { bytes: Uint8Array<ArrayBuffer>; end: number } | null {
  if (/chunked/i.test(fields.get("transfer-encoding") ?? "")) return chunks(stream, at);
  const length = fields.get("content-length");
  const end = length === undefined ? stream.length : at + Number(length);
  return end <= stream.length ? { bytes: stream.slice(at, end), end } : null;
}

function chunks(stream: Uint8Array, at: number): { bytes: Uint8Array<ArrayBuffer>; end: number } | null {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const line = /^([0-9a-f]+)[^\r]*\r\n/i.exec(latin1(stream.subarray(at, at + 1024)));
    if (!line) return null;
    const size = parseInt(line[1]!, 16);
    at += line[0].length;
    if (size === 0) break;
    if (at + size + 2 > stream.length) return null;
    pieces.push(stream.subarray(at, at + size));
    at += size + 2;
  }
  const end = /^(?:[^\r]+\r\n)*\r\n/.exec(latin1(stream.subarray(at, at + 16_384)));
  if (!end) return null;
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let place = 0;
  for (const piece of pieces) {
    bytes.set(piece, place);
    place += piece.length;
  }
  return { bytes, end: at + end[0].length };
}
