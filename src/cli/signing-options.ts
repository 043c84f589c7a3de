import type { OptionSpec } from './command.ts';

/** Options of every command that signs. */
export const SIGNING_OPTIONS: readonly OptionSpec[] = [
  { flags: '--key <name>', description: 'key of this machine to sign with, made when it is first used' },
  { flags: '--kms <arn>', description: 'key in AWS KMS to sign with' },
  { flags: '--keyless', description: 'sign as the workflow that runs, in GitHub Actions' },
];
