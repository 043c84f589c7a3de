import { bodyOf } from './event-body.ts';
import type { HttpEvent } from './http-event.ts';
import type { HeaderLines } from './headers.ts';
import { isObject, objectAt, pairsOf, textAt, type JsonObject } from './json.ts';
import { targetOf } from './target.ts';

/**
 * A request through an HTTP API, or to a function URL.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function gatewayEvent2(event: JsonObject, context: JsonObject): HttpEvent {
  const { cookies } = event;
  const texts = Array.isArray(cookies) ? cookies.filter((cookie) => typeof cookie === 'string') : [];
  const cookieLines: HeaderLines = texts.length === 0 ? [] : [['cookie', texts.join('; ')]];
  const path = withoutStage(textAt(event, 'rawPath') ?? '/', context);
  return {
    form: 'gateway-2.0',
    method: textAt(objectAt(context, 'http'), 'method') ?? 'GET',
    target: targetOf(path, textAt(event, 'rawQueryString') ?? ''),
    headers: [...pairsOf(objectAt(event, 'headers')), ...cookieLines],
    body: bodyOf(event),
  };
}

/**
 * A request through a REST API, or an HTTP API with the older payload. The query comes decoded and is encoded again.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 */
export function gatewayEvent1(event: JsonObject, context: JsonObject): HttpEvent {
  const headers = isObject(event['multiValueHeaders']) ? 'multiValueHeaders' : 'headers';
  const hasLists = isObject(event['multiValueQueryStringParameters']);
  const query = objectAt(event, hasLists ? 'multiValueQueryStringParameters' : 'queryStringParameters');
  const path = textAt(event, 'path') ?? '/';
  return {
    form: 'gateway-1.0',
    method: textAt(event, 'httpMethod') ?? 'GET',
    target: targetOf(
      event['version'] === '1.0' ? withoutStage(path, context) : path,
      pairsOf(query)
        .map((pair) => pair.map((text) => encodeURIComponent(text.toWellFormed())).join('='))
        .join('&'),
    ),
    headers: pairsOf(objectAt(event, headers)),
    body: bodyOf(event),
  };
}

/**
 * HTTP APIs leave the name of their stage in the path when they are called by their own address, not when a domain is
 * mapped to them. The service is to see the same paths wherever it runs.
 */
function withoutStage(path: string, context: JsonObject): string {
  const stage = textAt(context, 'stage') ?? '$default';
  const isOwnAddress = (textAt(context, 'domainName') ?? '').startsWith(
    `${textAt(context, 'apiId')}.execute-api.`,
  );
  if (!isOwnAddress || stage === '$default') return path;
  const prefix = `/${stage}`;
  return path === prefix || path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
}
