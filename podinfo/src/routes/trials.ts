import { setTimeout as wait } from 'node:timers/promises';
import { failure, json, type Answer } from '../http/answer.ts';
import type { Call } from '../http/call.ts';
import type { Route } from '../http/router.ts';
import type { Redaction } from '../reporting/redaction.ts';
import { echo } from './echo.ts';

const LONGEST_DELAY_SECONDS = 60;
const MOST_EVENTS = 600;
const EVENT_EVERY_MS = 100;

/** Requests whose answer the client decides, to try out what is in between. */
export function trialRoutes(version: string, redaction: Redaction): readonly Route[] {
  return [
    { path: '/status/:code', method: 'any', audience: 'users', answer: status },
    { path: '/delay/:seconds', method: 'GET', audience: 'users', answer: delay },
    { path: '/echo', method: 'any', audience: 'users', answer: (call) => echo(call, redaction) },
    { path: '/stream/:count', method: 'GET', audience: 'users', answer: (call) => stream(call, version) },
  ];
}

function status({ parameters }: Call): Answer {
  const code = Number(parameters['code']);
  if (!/^[1-5]\d\d$/.test(parameters['code'] ?? '')) {
    return failure(400, 'The status must be a code from 200 to 599.');
  }
  if (code < 200) return failure(400, 'A status below 200 is not an answer; give one from 200 to 599.');
  return json(code, { status: code });
}

async function delay({ parameters, signal }: Call): Promise<Answer> {
  const seconds = Number(parameters['seconds']);
  if (!/^\d+(?:\.\d+)?$/.test(parameters['seconds'] ?? '') || seconds > LONGEST_DELAY_SECONDS) {
    return failure(400, `The delay must be a number of seconds from 0 to ${LONGEST_DELAY_SECONDS}.`);
  }
  await wait(seconds * 1_000, undefined, { signal });
  return json(200, { delayedSeconds: seconds });
}

function stream({ parameters, signal }: Call, version: string): Answer {
  const count = Number(parameters['count']);
  if (!/^[1-9]\d*$/.test(parameters['count'] ?? '') || count > MOST_EVENTS) {
    return failure(400, `The count of events must be a whole number from 1 to ${MOST_EVENTS}.`);
  }
  return {
    status: 200,
    headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' },
    body: events(count, version, signal),
  };
}

/** Server-sent events: the first at once, the others in steps. */
async function* events(count: number, version: string, signal: AbortSignal): AsyncGenerator<string> {
  for (let number = 1; number <= count; number += 1) {
    if (number > 1) await wait(EVENT_EVERY_MS, undefined, { signal });
    yield `id: ${number}\ndata: ${JSON.stringify({ number, version })}\n\n`;
  }
}
