/** Names stand in commands, paths and on screens, so they hold nothing that a shell or a terminal would take for an order. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._+@/-]{0,127}$/;

/** What a name must be, to be said behind "it". */
export const RELEASE_NAME_RULE =
  'must begin with a letter or digit, and hold only those, ".", "_", "+", "@", "/" and "-", up to 128 of them, without ".."';

export function isReleaseName(name: string): boolean {
  return NAME.test(name) && !name.includes('..');
}
