/** Characters that cannot be seen. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * Whether two names are of one person. Accounts on GitHub and elsewhere are the same however they are capitalized, and a
 * name that merely looks like another must not count as a second one.
 */
export function isSamePerson(one: string, other: string): boolean {
  return known(one) === known(other);
}

/** Whether it can be anybody's name at all. */
export function isPerson(name: string): boolean {
  return known(name) !== '';
}

function known(name: string): string {
  return name.normalize('NFKC').replaceAll(UNSEEN, '').trim().replaceAll(/\s+/g, ' ').toLowerCase();
}
