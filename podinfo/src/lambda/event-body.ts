import { textAt, type JsonObject } from './json.ts';

/** The body of a request. An empty one is none: a GET request must not get one by being put into an event. */
export function bodyOf(event: JsonObject): Buffer | null {
  const body = textAt(event, 'body') ?? '';
  if (body === '') return null;
  return Buffer.from(body, event['isBase64Encoded'] === true ? 'base64' : 'utf8');
}
