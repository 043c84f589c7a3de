import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { OrderRefused } from './desk.ts';

/** What the server does for a request: takes its body as it came, returns what to answer. */
export type Order = (body: unknown) => unknown;

/** An order whose body is checked first. */
export function order<T>(schema: z.ZodType<T>, carryOut: (request: T) => unknown): Order {
  return (body) => carryOut(schema.parse(body));
}

/** The stream of news: a line whenever a slice of time has become complete. */
export interface News {
  /** Adds a listener; returns how to remove it. */
  subscribe(listener: (line: string) => void): () => void;
}

type Orders = Readonly<Record<string, Order>>;

const LONGEST_BODY = 1024 * 1024;
/** Bytes of news that wait for a listener, as one whose process is stopped. It comes back when it goes on. */
const MOST_UNREAD = 64 * 1024;

/** Serves the controller: `POST /<order>` with JSON, and `GET /news` as a stream of lines. */
export function controlServer(orders: Orders, news: News): Server {
  return createServer((request, response) => {
    if (request.url === '/news') streamNews(response, news);
    else void answer(orders, request, response);
  });
}

async function answer(orders: Orders, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    send(response, 200, await handle(orders, (request.url ?? '').slice(1), request));
  } catch (error) {
    if (error instanceof OrderRefused) send(response, 409, { code: error.code, message: error.message });
    else if (error instanceof z.ZodError)
      send(response, 400, { code: 'bad-settings', message: z.prettifyError(error) });
    else send(response, 500, { message: error instanceof Error ? error.message : String(error) });
  }
}

async function handle(orders: Orders, name: string, request: IncomingMessage): Promise<unknown> {
  const carryOut = Object.hasOwn(orders, name) ? orders[name] : undefined;
  if (carryOut === undefined) throw new OrderRefused('refused', `there is no order ${name}`);
  const body = await readBody(request);
  return (await carryOut(body === '' ? {} : JSON.parse(body))) ?? {};
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > LONGEST_BODY) throw new OrderRefused('refused', 'the order is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function streamNews(response: ServerResponse, news: News): void {
  response.writeHead(200, { 'content-type': 'application/jsonl' });
  response.flushHeaders();
  const stop = news.subscribe((line) => {
    if (response.writableLength > MOST_UNREAD) response.destroy();
    else response.write(`${line}\n`);
  });
  response.once('close', stop);
}
