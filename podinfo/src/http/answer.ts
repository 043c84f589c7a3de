/** What is sent back, as data; the server adds what all answers have in common. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent piece by piece when it is iterable. */
  readonly body: string | AsyncIterable<string>;
}

type Headers = Answer['headers'];

/** These have no body by definition (RFC 9110, section 15). */
const WITHOUT_BODY = new Set([204, 205, 304]);

/** A JSON document, ending in a newline for those who read it in a terminal. */
export function json(status: number, value: unknown, headers: Headers = {}): Answer {
  if (WITHOUT_BODY.has(status)) return { status, headers, body: '' };
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store', ...headers },
    body: `${JSON.stringify(value)}\n`,
  };
}

/** An error that the client can do something about, in one sentence. */
export function failure(status: number, error: string, headers: Headers = {}): Answer {
  return json(status, { error }, headers);
}
