/**
 * The path and query that a request target names on this server, or null when it is not for it. A target in absolute
 * form must name the same host as `Host` does: of two names, this proxy and the server behind it could believe
 * different ones.
 */
export function ownTarget(target: string, method: string, host: string | undefined): string | null {
  if (target.startsWith('/')) return target;
  if (target === '*') return method === 'OPTIONS' ? target : null;
  const [, authority, rest] = /^http:\/\/([^/?]*)(.*)$/i.exec(target) ?? [];
  if (authority === undefined || rest === undefined) return null;
  if (authority === '' || authority.toLowerCase() !== host?.toLowerCase()) return null;
  if (rest === '') return method === 'OPTIONS' ? '*' : '/';
  return rest.startsWith('/') ? rest : `/${rest}`;
}
