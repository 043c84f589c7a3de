/** Why something about an image, its registry or its evidence was refused. Closed: the documents list all of them. */
export type SupplyChainCode =
  /** What is deployed must be named by digest. */
  | 'NOT_A_DIGEST'
  /** A name, a tag or a digest that is none. */
  | 'BAD_REFERENCE'
  /** The bytes are not those that the digest stands for. */
  | 'DIGEST_MISMATCH'
  /** More bytes, entries or manifests than are ever taken. */
  | 'TOO_LARGE'
  | 'TOO_MANY_REFERRERS'
  /** An index of several platforms, where one image is wanted. */
  | 'INDEX_NOT_ALLOWED'
  /** A manifest that could be read as two kinds of thing. */
  | 'MEDIATYPE_CONFUSION'
  /** A manifest, configuration or layer that is not what the OCI image specification describes. */
  | 'MALFORMED_IMAGE'
  | 'WRONG_PLATFORM'
  /** A directory that no image can be made of as it is. */
  | 'UNBUILDABLE'
  /** A layer that would write outside its directory, or something that is not file, directory or link. */
  | 'UNSAFE_LAYER'
  /** A registry, repository, manifest or blob that is not there. */
  | 'NOT_FOUND'
  | 'UNAUTHORIZED'
  /** A registry that does not answer, or not well: worth another try. */
  | 'REGISTRY_UNAVAILABLE'
  /** A registry that sends us to where we do not go. */
  | 'REDIRECT_REFUSED'
  /** Not a Sigstore bundle, or not one of a format that is read. */
  | 'MALFORMED_BUNDLE'
  | 'SIGNATURE_ERROR'
  | 'CERTIFICATE_ERROR'
  | 'TIMESTAMP_ERROR'
  | 'TLOG_ERROR'
  | 'TLOG_BODY_ERROR'
  | 'UNTRUSTED_SIGNER'
  /** A signed envelope around something else than an in-toto statement. */
  | 'PAYLOAD_TYPE'
  | 'MALFORMED_STATEMENT'
  /** A statement about another image. */
  | 'SUBJECT_MISMATCH'
  | 'MISSING_SIGNATURE'
  | 'MISSING_PROVENANCE'
  | 'MISSING_SBOM'
  | 'MISSING_SCAN'
  | 'MISSING_VSA'
  | 'PROVENANCE_POLICY'
  | 'SBOM_POLICY'
  | 'VULNERABLE'
  | 'SCAN_STALE'
  | 'SCAN_FAILED'
  | 'VSA_POLICY'
  /** The image stayed in the environment before for less than it has to. */
  | 'SOAKING'
  /** An image that is older than the one that is there, where nobody ordered a return. */
  | 'ROLLBACK'
  | 'REPOSITORY_NOT_ALLOWED'
  /** A trusted root, key or policy that cannot be used. */
  | 'BAD_TRUST'
  /** A local key that cannot be made, read or used. */
  | 'KEY_ERROR'
  /** The gate itself failed: nothing is admitted. */
  | 'GATE_ERROR';

/** Something about an image, its registry or its evidence that is not as it must be. */
export class SupplyChainError extends Error {
  readonly code: SupplyChainCode;

  constructor(code: SupplyChainCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SupplyChainError';
    this.code = code;
  }
}
