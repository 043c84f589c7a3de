/** Who signs, as a certificate of Fulcio says it of a workflow of GitHub Actions. */
export interface WorkflowIdentity {
  readonly subject: string;
  readonly issuer: string;
  /** `owner/name` of the repository that ran the workflow. */
  readonly repository: string;
  readonly repositoryId: string;
  readonly ownerId: string;
}

export const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com';

/** The release workflow of a shop, unless something else is said. */
export function workflowIdentity(differing: Partial<WorkflowIdentity> = {}): WorkflowIdentity {
  return {
    subject: 'https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main',
    issuer: GITHUB_ISSUER,
    repository: 'acme/shop',
    repositoryId: '1001',
    ownerId: '501',
    ...differing,
  };
}

/** The claims of the token that Fulcio makes the certificate from. */
export function certificateClaims(identity: WorkflowIdentity): Readonly<Record<string, string>> {
  return {
    iss: identity.issuer,
    sub: identity.subject,
    aud: 'sigstore',
    repository: identity.repository,
    repository_id: identity.repositoryId,
    repository_owner_id: identity.ownerId,
  };
}
