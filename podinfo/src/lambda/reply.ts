import { isUtf8 } from 'node:buffer';
import { STATUS_CODES } from 'node:http';
import { failure } from '../http/answer.ts';
import type { Form } from './http-event.ts';
import type { LocalAnswer } from './forward.ts';
import { byName, valuesOf, type HeaderLines } from './headers.ts';

const MEBIBYTE = 1024 * 1024;

/** How many bytes a reply may have, as JSON, by the limits of Lambda and of load balancers. */
export const LARGEST_REPLY: Readonly<Record<Form, number>> = {
  'gateway-2.0': 6 * MEBIBYTE,
  'gateway-1.0': 6 * MEBIBYTE,
  balancer: MEBIBYTE,
  'balancer-multi-value': MEBIBYTE,
};

/** The answer as JSON in the form in which the request came. What that form cannot carry becomes an answer 502 saying so. */
export function replyFor(form: Form, answer: LocalAnswer): string {
  const { body, headers } = answer;
  if (form === 'balancer' && valuesOf(headers, 'set-cookie').length > 1) {
    return encode(
      form,
      substitute(
        answer,
        'The answer sets several cookies, which needs multi-value headers switched on in the target group.',
      ),
    );
  }
  const limit = LARGEST_REPLY[form];
  if (body !== null) {
    const reply = encode(form, { ...answer, body });
    if (Buffer.byteLength(reply) <= limit) return reply;
  }
  return encode(
    form,
    substitute(answer, `The answer is larger than the ${limit / MEBIBYTE} MiB that can be handed over here.`),
  );
}

type Whole = LocalAnswer & { readonly body: Buffer };

/** Keeps what tells which request it was and who answered it. */
function substitute({ headers }: LocalAnswer, why: string): Whole {
  const kept = headers.filter(([name]) => /^(x-correlation-id|x-release)$/i.test(name));
  const { status, headers: own, body } = failure(502, why);
  return {
    status,
    headers: [...Object.entries(own), ...kept],
    body: Buffer.from(typeof body === 'string' ? body : ''),
  };
}

function encode(form: Form, { status, headers, body }: Whole): string {
  const isText = isUtf8(body);
  return JSON.stringify({
    statusCode: status,
    ...headersIn(form, status, headers),
    body: body.toString(isText ? 'utf8' : 'base64'),
    isBase64Encoded: !isText,
  });
}

function headersIn(form: Form, status: number, headers: HeaderLines): object {
  const statusDescription = `${status} ${STATUS_CODES[status] ?? 'Unknown'}`;
  switch (form) {
    case 'gateway-2.0':
      return {
        headers: joined(headers.filter(([name]) => name.toLowerCase() !== 'set-cookie')),
        cookies: valuesOf(headers, 'set-cookie'),
      };
    case 'gateway-1.0':
      return { multiValueHeaders: byName(headers) };
    case 'balancer':
      return { statusDescription, headers: joined(headers) };
    case 'balancer-multi-value':
      return { statusDescription, multiValueHeaders: byName(headers) };
  }
  return form satisfies never;
}

/** One value for each name, as RFC 9110 (section 5.3) allows for all headers but `Set-Cookie`. */
function joined(headers: HeaderLines): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(byName(headers)).map(([name, values]) => [name, values.join(', ')]),
  );
}
