import { balancerEvent } from './balancer-event.ts';
import { gatewayEvent1, gatewayEvent2 } from './gateway-event.ts';
import type { HttpEvent } from './http-event.ts';
import { isObject, objectAt } from './json.ts';

/** Takes an event of Lambda apart; null when it is no HTTP request. */
export function readEvent(event: unknown): HttpEvent | null {
  if (!isObject(event)) return null;
  const context = objectAt(event, 'requestContext');
  if (isObject(context['elb'])) return balancerEvent(event);
  if (isObject(context['http'])) return gatewayEvent2(event, context);
  return typeof event['httpMethod'] === 'string' ? gatewayEvent1(event, context) : null;
}
