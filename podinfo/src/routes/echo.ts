import { failure, json, type Answer } from '../http/answer.ts';
import { readBody } from '../http/body.ts';
import type { Call } from '../http/call.ts';
import type { Redaction } from '../reporting/redaction.ts';

/** In bytes. */
const LARGEST_BODY = 1024 * 1024;

/** Tells the client what arrived here of its request, without the secrets in it. */
export async function echo(call: Call, redaction: Redaction): Promise<Answer> {
  const body = await readBody(call.request, LARGEST_BODY);
  if (body === null) return failure(413, `The body must not be longer than ${LARGEST_BODY} bytes.`);
  const { method, path, query, headers } = call;
  return json(
    200,
    redaction.json({
      method,
      path: redaction.path(path),
      query: fields(query),
      headers,
      body: readable(body, headers['content-type'] ?? ''),
    }),
  );
}

/** As data where the form is known, so that secrets are found by their keys; otherwise as text. */
function readable(body: Buffer, contentType: string): unknown {
  if (body.length === 0) return null;
  // Multipart bodies keep a field's name on another line than its value.
  if (contentType.startsWith('multipart/')) return `[${body.length} bytes of ${contentType.split(';')[0]}]`;
  const text = body.toString();
  try {
    return JSON.parse(text);
  } catch {
    return contentType.includes('x-www-form-urlencoded') ? fields(new URLSearchParams(text)) : text;
  }
}

/** All values of each name. */
function fields(pairs: URLSearchParams): Readonly<Record<string, readonly string[]>> {
  const names = new Set(pairs.keys());
  return Object.fromEntries([...names].map((name) => [name, pairs.getAll(name)]));
}
