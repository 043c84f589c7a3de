import { MEDIA_TYPES } from '../../oci/media-types.ts';
import { sendJson } from './answer.ts';
import type { Visit } from './serve-blobs.ts';
import type { Shelf } from './shelf.ts';

/** The tags of a repository, page by page (`n`, `last`). */
export async function serveTags(
  { route: { repository }, response, query }: Visit<'tags'>,
  shelf: Shelf,
  pageSize: number,
): Promise<void> {
  const { entries, next } = pageOf(await shelf.repository(repository).tags(), (tag) => tag, query, pageSize);
  const headers = linkTo(`/v2/${repository}/tags/list`, query, next);
  sendJson(response, 200, { name: repository, tags: entries }, headers);
}

/** What refers to a manifest, page by page; filtered by the type of artifact if that is asked for. */
export async function serveReferrers(
  { route: { repository, subject }, response, query }: Visit<'referrers'>,
  shelf: Shelf,
  pageSize: number,
): Promise<void> {
  const artifactType = query.get('artifactType');
  const all = (await shelf.repository(repository).referrers(subject))
    .filter((each) => artifactType === null || each.artifactType === artifactType)
    .toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
  const { entries, next } = pageOf(all, ({ digest }) => digest, query, pageSize);
  const document = { schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests: entries };
  sendJson(response, 200, document, {
    'content-type': MEDIA_TYPES.index,
    ...(artifactType === null ? {} : { 'oci-filters-applied': 'artifactType' }),
    ...linkTo(`/v2/${repository}/referrers/${subject}`, query, next),
  });
}

interface Page<T> {
  readonly entries: readonly T[];
  /** The last name of this page, when another one follows. */
  readonly next: string | null;
}

/** What comes after `last`, and no more than `n` of it; `sorted` must be in the order of its names. */
function pageOf<T>(
  sorted: readonly T[],
  nameOf: (entry: T) => string,
  query: URLSearchParams,
  pageSize: number,
): Page<T> {
  const last = query.get('last');
  const asked = Number(query.get('n') ?? pageSize);
  const size = Number.isInteger(asked) && asked >= 0 ? Math.min(asked, pageSize) : pageSize;
  const rest = last === null ? sorted : sorted.filter((entry) => nameOf(entry) > last);
  const entries = rest.slice(0, size);
  const final = entries.at(-1);
  return { entries, next: final !== undefined && rest.length > size ? nameOf(final) : null };
}

function linkTo(path: string, query: URLSearchParams, next: string | null): Readonly<Record<string, string>> {
  if (next === null) return {};
  const parameters = new URLSearchParams(query);
  parameters.set('last', next);
  return { link: `<${path}?${parameters.toString()}>; rel="next"` };
}
