import type { ClientRequest, IncomingMessage } from 'node:http';

/** The beginning of the response. What goes wrong after that is seen by whoever reads the body. */
export function responseTo(asked: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    asked.on('error', reject).once('response', resolve);
  });
}
