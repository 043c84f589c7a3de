import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import { connect, createServer as createSocketServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { Reading } from './readings.ts';
import { listen } from './upstreams.ts';

/** Reads all requests of one connection. */
export type ReadRequests = (text: string) => Promise<readonly Reading[]>;
/** Reads a response to GET; null when it is refused. */
export type ReadResponse = (text: string) => Promise<Reading | null>;

/** Node's own server, whose parser llhttp is strict when it is not told otherwise. */
export async function startStrictServer(test: TestContext): Promise<ReadRequests> {
  const readings = new Map<Socket, Reading[]>();
  const server = createServer((request, response) => {
    // An absolute target is for the proxy to take apart; what is left of it is the same request.
    const target = request.url?.replace(/^http:\/\/h(?=\/)/i, '');
    const reading = { head: `${request.method} ${target}`, body: 'not whole' };
    readings.get(request.socket)?.push(reading);
    const finish = (body: string): void => {
      reading.body = body;
      response.end();
    };
    void textOf(request).then(finish, () => request.destroy());
  });
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('clientError', (_, socket) => socket.destroy());
  server.on('connection', (socket) => readings.set(socket, []));
  const port = await listen(server);
  test.after(() => void server.close());
  return async (text) => {
    const accepted = once(server, 'connection');
    const client = connect(port, '127.0.0.1')
      .on('error', () => {})
      .resume();
    const [socket] = await accepted;
    const closed = new Promise((resolve) => socket.on('close', resolve));
    client.end(text, 'latin1');
    await closed;
    client.destroy();
    const own = readings.get(socket) ?? [];
    readings.delete(socket);
    return own;
  };
}

/** Node's own client, with the same parser. */
export async function startStrictClient(test: TestContext): Promise<ReadResponse> {
  let text = '';
  const server = createSocketServer((socket) => {
    socket.on('error', () => {}).once('data', () => socket.end(text, 'latin1'));
  });
  const port = await listen(server);
  test.after(() => void server.close());
  return async (answer) => {
    text = answer;
    try {
      const [response] = await once(get({ port, host: '127.0.0.1', agent: false }), 'response');
      return { head: `${response.statusCode}`, body: await textOf(response) };
    } catch {
      return null;
    }
  };
}

async function textOf(message: IncomingMessage): Promise<string> {
  let body = '';
  for await (const part of message.setEncoding('latin1')) body += part;
  return body;
}
