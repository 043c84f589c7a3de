import type { IncomingMessage, ServerResponse } from 'node:http';

/** Error codes of the OCI distribution specification that are used here. */
export type RegistryErrorCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DENIED'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'SIZE_INVALID'
  | 'TOOMANYREQUESTS'
  | 'UNKNOWN'
  | 'UNSUPPORTED';

/** What a request is refused with. */
export class Refused extends Error {
  readonly status: number;
  readonly code: RegistryErrorCode;

  constructor(status: number, code: RegistryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Refused';
    this.status = status;
    this.code = code;
  }
}

/**
 * Answers with an error as the specification has it. The answer ends when the sender has: the connection would otherwise
 * be closed on one that is still sending, which would then not see the answer.
 */
export function sendRefusal(
  request: IncomingMessage,
  response: ServerResponse,
  { status, code, message }: Refused,
): void {
  const bytes = Buffer.from(JSON.stringify({ errors: [{ code, message }] }));
  response.writeHead(status, jsonHeaders(bytes)).write(bytes);
  if (request.complete) response.end();
  else request.once('close', () => response.end()).resume();
}

export function sendJson(
  response: ServerResponse,
  status: number,
  document: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(JSON.stringify(document));
  response.writeHead(status, { ...jsonHeaders(bytes), ...headers }).end(bytes);
}

/** Answers without a body. */
export function sendNothing(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-length': '0', ...headers }).end();
}

function jsonHeaders(bytes: Uint8Array): Readonly<Record<string, string>> {
  return {
    'content-type': 'application/json',
    'content-length': String(bytes.length),
    'x-content-type-options': 'nosniff',
  };
}
