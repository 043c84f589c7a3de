/** A character that cannot stand in a path as it is: not printable, beginning a query or fragment, or a bare `%`. */
const NOT_IN_PATH = /%(?![0-9a-f]{2})|[?#]|[^\x21-\x7e]+/gi;
const NOT_IN_QUERY = /#|[^\x21-\x7e]+/g;

/**
 * What stands between method and version in the first line of a request. The path may come percent-encoded or, from an
 * HTTP API of the API Gateway, decoded: what is encoded stays so, and what could not have been in a path is encoded.
 * `query` is taken as it is, without a question mark.
 */
export function targetOf(path: string, query: string): string {
  const encodedPath = path.toWellFormed().replaceAll(NOT_IN_PATH, encodeURIComponent);
  const encodedQuery = query.toWellFormed().replaceAll(NOT_IN_QUERY, encodeURIComponent);
  const rooted = encodedPath.startsWith('/') ? encodedPath : `/${encodedPath}`;
  return encodedQuery === '' ? rooted : `${rooted}?${encodedQuery}`;
}
