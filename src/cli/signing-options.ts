import type { OptionSpec } from './command.ts';

/** Options of every command that signs. */
export const SIGNING_OPTIONS: readonly OptionSpec[] = [
  { flags: '--key <name>', description: 'key of this machine to sign with, made when it is first used' },
  { flags: '--kms <arn>', description: 'key in AWS KMS to sign with' },
  { flags: '--keyless', description: 'sign as the workflow that runs, in GitHub Actions' },
  { flags: '--fulcio <url>', description: 'with --keyless: another Sigstore than the public one' },
  { flags: '--rekor <url>', description: 'with --fulcio: its log, if it has one' },
  { flags: '--timestamps <url>', description: 'with --fulcio: its timestamp authority, if it has one' },
];
