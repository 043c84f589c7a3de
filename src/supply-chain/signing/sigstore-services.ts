/** Services of a Sigstore instance. */
export interface SigstoreServices {
  readonly fulcio: string;
  /** Null where there is no public log, as with GitHub's instance for private repositories. */
  readonly rekor: string | null;
  readonly timestampAuthority: string | null;
}

/** The public instance. */
export const PUBLIC_SIGSTORE: SigstoreServices = {
  fulcio: 'https://fulcio.sigstore.dev',
  rekor: 'https://rekor.sigstore.dev',
  timestampAuthority: null,
};
