/** Types of what is said about images, as their specifications name them. */
export const PREDICATE_TYPES = {
  /** That somebody signs the image, and nothing more; as cosign 3 writes it. */
  signature: 'https://sigstore.dev/cosign/sign/v1',
  /** SLSA provenance 1. */
  provenance: 'https://slsa.dev/provenance/v1',
  sbom: 'https://cyclonedx.org/bom',
  /** in-toto's vulnerability scans, 0.2 (in-toto attestation, spec/predicates/vulns_02.md). */
  scan: 'https://in-toto.io/attestation/vulns/v0.2',
  vex: 'https://openvex.dev/ns/v0.2.0',
  /** SLSA verification summary 1. */
  verdict: 'https://slsa.dev/verification_summary/v1',
} as const;
