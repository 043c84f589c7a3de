import type { ServerResponse } from 'node:http';

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

/** Answers with an error as the specification has it. */
export function sendRefusal(response: ServerResponse, { status, code, message }: Refused): void {
  sendJson(response, status, { errors: [{ code, message }] });
}

export function sendJson(
  response: ServerResponse,
  status: number,
  document: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(JSON.stringify(document));
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'content-length': String(bytes.length),
      'x-content-type-options': 'nosniff',
      ...headers,
    })
    .end(bytes);
}

/** Answers without a body. */
export function sendNothing(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-length': '0', ...headers }).end();
}
