import { printable } from '../../core/printable.ts';
import type { Override } from '../../core/permission/override.ts';
import type { Rollout } from '../../core/rollout.ts';
import { dayAndTime, paint } from './format.ts';

/** By what the image was let in, piece by piece, and what was said of it at the end; nothing for commands. */
export function admissionLines({ admission, attestation, overrides }: Rollout): readonly string[] {
  const { attested } = attestation;
  return [
    ...(admission === null ? [] : ['let in by']),
    ...(admission?.evidence ?? []).flatMap(({ kind, referrer, signer, at, says }) => [
      `  ${kind.padEnd(10)}  ${printable(says)}`,
      paint('dim', `              ${printable(signer)}`),
      paint('dim', `              ${referrer}${at === null ? '' : `, ${dayAndTime(at)}`}`),
    ]),
    ...(admission === null ? [] : [paint('dim', `  policy      ${admission.policy}`)]),
    ...overrides.map(overrideLine),
    ...(attested === null ? [] : [`verdict ${attested.result} attached as ${attested.referrer}`]),
  ];
}

/** Who wanted a gate overruled and why, and who has allowed it. */
export function overrideLine({ gate, by, note, allowed }: Override): string {
  const second =
    allowed === null ? 'nobody yet' : `${printable(allowed.by)}, until ${dayAndTime(allowed.until)}`;
  return paint('yellow', `${gate} overruled by ${printable(by)} (${printable(note)}) and ${second}`);
}
