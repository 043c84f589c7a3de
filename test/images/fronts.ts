import { z } from 'zod';

/** A request as a client sends it. */
export interface ClientRequest {
  readonly method: string;
  readonly path: string;
  /** Percent-encoded, without a question mark. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body?: Buffer;
}

/** An answer as a client gets it. Names of headers are in small letters. */
export interface ClientAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: Buffer;
}

/** One of the services that turn HTTP requests into events of Lambda. */
export interface Front {
  readonly name: string;
  event(request: ClientRequest): unknown;
}

/** Events look as AWS documents them, with what a function may use; ids and addresses are made up. */
export const FRONTS: readonly Front[] = [
  { name: 'an HTTP API', event: (request) => gateway2(request, HTTP_API) },
  { name: 'a function URL', event: (request) => gateway2(request, FUNCTION_URL) },
  { name: 'a REST API', event: gateway1 },
  { name: 'a load balancer', event: (request) => balancer(request, false) },
  { name: 'a load balancer with multi-value headers', event: (request) => balancer(request, true) },
];

const texts = z.array(z.string());

const replySchema = z.strictObject({
  statusCode: z.number(),
  statusDescription: z.string().optional(),
  headers: z.record(z.string(), z.string()).default({}),
  multiValueHeaders: z.record(z.string(), texts).default({}),
  cookies: texts.default([]),
  body: z.string(),
  isBase64Encoded: z.boolean(),
});

/** What a client is given for what the function replied. */
export function clientAnswer(reply: unknown): ClientAnswer {
  const { statusCode, headers, multiValueHeaders, cookies, body, isBase64Encoded } = replySchema.parse(reply);
  const single = Object.entries(headers).map(([name, value]) => [name, [value]] as const);
  const all = [...single, ...Object.entries(multiValueHeaders), ['set-cookie', cookies] as const];
  return {
    status: statusCode,
    headers: Object.fromEntries(all.map(([name, values]) => [name.toLowerCase(), values])),
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
  };
}

const HTTP_API = { domainName: 'abcdefghij.execute-api.eu-west-1.amazonaws.com', apiId: 'abcdefghij' };
const FUNCTION_URL = { domainName: 'abcdefghij.lambda-url.eu-west-1.on.aws', apiId: 'abcdefghij' };

function gateway2(request: ClientRequest, { domainName, apiId }: typeof HTTP_API): unknown {
  const { method, path, query = '', cookies } = request;
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: query,
    ...(cookies === undefined ? {} : { cookies }),
    headers: headersOf(request, domainName),
    requestContext: {
      accountId: '123456789012',
      apiId,
      domainName,
      domainPrefix: apiId,
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
      requestId: 'JKJaXmPLvHcESHA=',
      routeKey: '$default',
      stage: '$default',
      time: '21/Nov/2026:12:00:00 +0000',
      timeEpoch: 1_795_262_400_000,
    },
    ...bodyOf(request),
  };
}

function gateway1(request: ClientRequest): unknown {
  const { method, path, query = '' } = request;
  const headers = { ...headersOf(request, 'api.example.com'), ...cookieOf(request) };
  const pairs = new URLSearchParams(query);
  const lists = Object.fromEntries([...new Set(pairs.keys())].map((name) => [name, pairs.getAll(name)]));
  return {
    resource: '/{proxy+}',
    path,
    httpMethod: method,
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    queryStringParameters: query === '' ? null : Object.fromEntries(pairs),
    multiValueQueryStringParameters: query === '' ? null : lists,
    pathParameters: { proxy: path.slice(1) },
    stageVariables: null,
    requestContext: {
      resourceId: 'abc123',
      resourcePath: '/{proxy+}',
      httpMethod: method,
      path: `/live${path}`,
      accountId: '123456789012',
      protocol: 'HTTP/1.1',
      stage: 'live',
      domainName: 'api.example.com',
      apiId: 'klmnopqrst',
    },
    body: null,
    ...bodyOf(request),
  };
}

function balancer(request: ClientRequest, isMultiValue: boolean): unknown {
  const { method, path, query = '' } = request;
  const headers = { ...headersOf(request, 'lb.example.com'), ...cookieOf(request) };
  // Values stay percent-encoded.
  const pairs = query === '' ? [] : query.split('&').map((pair) => pair.split('='));
  const lists: Record<string, string[]> = {};
  for (const [name = '', value = ''] of pairs) (lists[name] ??= []).push(value);
  return {
    requestContext: {
      elb: {
        targetGroupArn:
          'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/podinfo/0123456789abcdef',
      },
    },
    httpMethod: method,
    path,
    ...(isMultiValue
      ? {
          multiValueQueryStringParameters: lists,
          multiValueHeaders: Object.fromEntries(
            Object.entries(headers).map(([name, value]) => [name, [value]]),
          ),
        }
      : {
          // Of several values of a name, the last is kept.
          queryStringParameters: Object.fromEntries(pairs.map(([name = '', value = '']) => [name, value])),
          headers,
        }),
    body: '',
    ...bodyOf(request),
  };
}

function headersOf({ headers = {} }: ClientRequest, host: string): Readonly<Record<string, string>> {
  return {
    accept: '*/*',
    'user-agent': 'test',
    host,
    'x-amzn-trace-id': 'Root=1-5759e988-bd862e3fe1be46a994272793',
    'x-forwarded-for': '192.0.2.1',
    'x-forwarded-port': '443',
    'x-forwarded-proto': 'https',
    ...headers,
  };
}

function cookieOf({ cookies }: ClientRequest): Readonly<Record<string, string>> {
  return cookies === undefined ? {} : { cookie: cookies.join('; ') };
}

/** Lambda is given binary bodies as base64; here all are, as some APIs are set up. */
function bodyOf({ body }: ClientRequest): object {
  if (body === undefined) return { isBase64Encoded: false };
  return { body: body.toString('base64'), isBase64Encoded: true };
}
