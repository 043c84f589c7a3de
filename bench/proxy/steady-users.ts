import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { z } from 'zod';
import { systemClock } from '../../src/clock/system-clock.ts';
import { quantile } from '../report.ts';

/**
 * Users who ask at a steady rate, each when its time has come, whether or not others are still waiting. As a program of its
 * own, `node steady-users.ts <port> <requests per second> <seconds>`, prints the median and the 99th percentile in
 * milliseconds from the sending of a request to the last byte of its answer.
 */
const [port, requestsPerSecond, seconds] = z
  .tuple([z.coerce.number(), z.coerce.number(), z.coerce.number()])
  .parse(process.argv.slice(2));

const CONNECTIONS = 64;
const REQUEST = `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
/** What the upstream's answer ends with. */
const END = '\r\n\r\nok';

const latencies: number[] = [];
const idle: (() => void)[] = [];
const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, open));
const elapsed = systemClock().stopwatch();
let sent = 0;
let missed = 0;
const timer = setInterval(() => {
  if (elapsed() >= seconds * 1_000) return finish();
  const due = Math.floor((elapsed() * requestsPerSecond) / 1_000);
  for (; sent < due; sent += 1) {
    const ask = idle.shift();
    if (ask === undefined) missed += 1;
    else ask();
  }
}, 1);

/** A connection that asks one thing after the other. */
async function open(): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let askedAt = 0;
  let answer = '';
  const ask = () => {
    askedAt = performance.now();
    socket.write(REQUEST, 'latin1');
  };
  socket.setEncoding('latin1').on('data', (text: string) => {
    answer += text;
    if (!answer.endsWith(END)) return;
    if (!answer.startsWith('HTTP/1.1 200')) throw new Error(answer);
    latencies.push(performance.now() - askedAt);
    answer = '';
    idle.push(ask);
  });
  await once(socket, 'connect');
  idle.push(ask);
  return socket;
}

function finish(): void {
  clearInterval(timer);
  for (const socket of sockets) socket.destroy();
  // The first quarter of a second opens the proxy's own connections.
  const measured = latencies.slice(requestsPerSecond / 4);
  console.log(JSON.stringify({ p50: quantile(measured, 0.5), p99: quantile(measured, 0.99), missed }));
}
