import { bodyOf } from './event-body.ts';
import type { HttpEvent } from './http-event.ts';
import { isObject, objectAt, pairsOf, textAt, type JsonObject } from './json.ts';
import { targetOf } from './target.ts';

/**
 * A request through an Application Load Balancer, which leaves path and query encoded as they are. Whether its target
 * group has multi-value headers is seen by where the headers are.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
 */
export function balancerEvent(event: JsonObject): HttpEvent {
  const isMultiValue = isObject(event['multiValueHeaders']);
  const query = objectAt(event, isMultiValue ? 'multiValueQueryStringParameters' : 'queryStringParameters');
  return {
    form: isMultiValue ? 'balancer-multi-value' : 'balancer',
    method: textAt(event, 'httpMethod') ?? 'GET',
    target: targetOf(
      textAt(event, 'path') ?? '/',
      pairsOf(query)
        .map((pair) => pair.join('='))
        .join('&'),
    ),
    headers: pairsOf(objectAt(event, isMultiValue ? 'multiValueHeaders' : 'headers')),
    body: bodyOf(event),
  };
}
