import { failure, type Answer } from './answer.ts';
import type { Call } from './call.ts';

/** One kind of request that podinfo answers. */
export interface Route {
  /** A segment that begins with a colon matches anything and is handed over under that name. */
  readonly path: string;
  /** GET includes HEAD. */
  readonly method: 'GET' | 'any';
  /** For users, and hit by injected faults; the others are for whoever operates the service. */
  readonly audience: 'users' | 'operators';
  readonly answer: (call: Call) => Answer | Promise<Answer>;
}

/** Where a request goes. */
export interface Match {
  /** The route's path as it is declared, or `unknown`: a label that hostile paths cannot multiply. */
  readonly route: string;
  readonly audience: Route['audience'];
  readonly parameters: Readonly<Record<string, string>>;
  readonly answer: Route['answer'];
}

/** Finds the route for a method and a path. What is wrong with either becomes an answer too. */
export type Router = (method: string, path: string) => Match;

/** The first route that fits wins. */
export function router(routes: readonly Route[]): Router {
  const patterns = routes.map((route) => ({ route, segments: route.path.split('/') }));
  return (method, path) => {
    const given = path.split('/');
    for (const { route, segments } of patterns) {
      const parameters = matchSegments(segments, given);
      if (parameters === null) continue;
      const isAllowed = route.method === 'any' || method === 'GET' || method === 'HEAD';
      return {
        route: route.path,
        audience: route.audience,
        parameters,
        answer: isAllowed ? route.answer : wrongMethod,
      };
    }
    return { route: 'unknown', audience: 'users', parameters: {}, answer: unknownPath };
  };
}

function matchSegments(
  wanted: readonly string[],
  given: readonly string[],
): Readonly<Record<string, string>> | null {
  if (wanted.length !== given.length) return null;
  const parameters: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const text = given[index] ?? '';
    if (segment.startsWith(':')) parameters[segment.slice(1)] = text;
    else if (segment !== text) return null;
  }
  return parameters;
}

function wrongMethod(): Answer {
  return failure(405, 'This path only answers GET and HEAD.', { Allow: 'GET, HEAD' });
}

function unknownPath(): Answer {
  return failure(404, 'There is nothing at this path; GET / says what there is.');
}
