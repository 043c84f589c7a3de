/** `git@example.com:acme/shop.git`, as ssh has always been told. A letter alone is a disk. */
const SHORT = /^(?:(?<user>[\w.-]+)@)?(?<host>[\w.-]{2,}):(?!:|\/\/)\/?(?<path>[^\s?#]+)$/;

/** What is called like these is no host. */
const WAYS = ['file', 'ext', 'fd', 'http', 'https', 'ssh', 'git'];

const PROTOCOLS = ['https:', 'http:', 'ssh:', 'git:'];

/**
 * The address of a repository as others may know it: without passwords and tokens, `.git` and slashes at the end. Null for
 * what means something on one machine only, such as a directory.
 */
export function repositoryAddress(said: string): string | null {
  const { user, host, path } = SHORT.exec(said)?.groups ?? {};
  if (host !== undefined && path !== undefined && !WAYS.includes(host)) {
    return repositoryAddress(`ssh://${user === undefined ? '' : `${user}@`}${host}/${path}`);
  }
  if (!URL.canParse(said)) return null;
  const url = new URL(said);
  if (!PROTOCOLS.includes(url.protocol) || url.hostname === '') return null;
  const login = url.protocol === 'ssh:' && url.username !== '' ? `${url.username}@` : '';
  return `${url.protocol}//${login}${url.host}${url.pathname.replace(/\/+$/, '').replace(/\.git$/, '')}`;
}
