import { createServer } from 'node:net';

/**
 * The service that all proxies stand before: answers each request with two bytes, and as little work as can be. It takes
 * requests without a body only, and looks at nothing but where they end.
 */
const ANSWER =
  'HTTP/1.1 200 OK\r\nServer: upstream\r\nContent-Type: text/plain\r\nCache-Control: no-store\r\nContent-Length: 2\r\n\r\nok';
const END = '\r\n\r\n';

createServer({ noDelay: true }, (socket) => {
  let rest = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    const heads = (rest + text).split(END);
    rest = heads.pop() ?? '';
    if (heads.length > 0) socket.write(ANSWER.repeat(heads.length), 'latin1');
  });
  socket.on('error', () => {});
}).listen(Number(process.env['PORT']), '127.0.0.1');
