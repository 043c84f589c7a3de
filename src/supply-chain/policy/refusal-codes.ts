import type { Refusal } from '../../core/permission/admission.ts';
import type { SupplyChainCode } from '../error.ts';

interface Explained {
  /** What it means, as a sentence without a full stop. */
  readonly means: string;
  /** What a person can do about it. */
  readonly remedy: string;
}

/** Every code with which an image is refused, for messages and for the reference page. */
export const REFUSAL_CODES: Readonly<Record<SupplyChainCode, Explained>> = {
  NOT_A_DIGEST: {
    means: 'what is to be deployed is not named by the digest of an image',
    remedy: 'deploy an image by its digest: registry/repository@sha256:…',
  },
  BAD_REFERENCE: {
    means: 'a name, tag or digest is malformed',
    remedy: 'write registry/repository@sha256: and 64 lower-case hex digits',
  },
  DIGEST_MISMATCH: {
    means: 'the registry, or something on the way, served other bytes than the digest stands for',
    remedy: 'do not use this registry before it is known who changed its content; push the image again',
  },
  TOO_LARGE: {
    means: 'a manifest, blob or attestation is larger than is ever read',
    remedy: 'remove what is attached and too large, or attach a smaller document',
  },
  TOO_MANY_REFERRERS: {
    means: 'more is attached to the image than is ever read',
    remedy: 'remove what does not belong to the image from the registry, and see who may push there',
  },
  INDEX_NOT_ALLOWED: {
    means: 'the digest is that of an index of several platforms',
    remedy: 'deploy the digest of the image for one platform, and sign that',
  },
  MEDIATYPE_CONFUSION: {
    means: 'the manifest could be read as two kinds of thing',
    remedy: 'build and push the image anew; a builder does not write such a manifest',
  },
  MALFORMED_IMAGE: {
    means: 'manifest, configuration or layer is not what the OCI image specification describes',
    remedy: 'build and push the image anew',
  },
  UNBUILDABLE: {
    means: 'no image can be made of the directory as it is',
    remedy: 'change what the message names, and build again',
  },
  WRONG_PLATFORM: {
    means: 'the image is for another operating system or processor',
    remedy: 'build it for the platform of the policy, or change `supplyChain.platform`',
  },
  UNSAFE_LAYER: {
    means: 'a layer would write outside its directory, or holds more than files, directories and links',
    remedy: 'build the image anew from sources that are trusted',
  },
  NOT_FOUND: {
    means: 'registry, repository, manifest or blob is not there',
    remedy: 'push the image, and see that digest and repository are written right',
  },
  UNAUTHORIZED: {
    means: 'the registry does not let us read',
    remedy: 'log in to the registry, and see that the account may read this repository',
  },
  REGISTRY_UNAVAILABLE: {
    means: 'the registry does not answer, or not well; nobody is let in on that account',
    remedy: 'nothing: it is tried again; see to the registry if it lasts',
  },
  REDIRECT_REFUSED: {
    means: 'the registry sends us to a place where we do not go',
    remedy:
      'where the host belongs to the registry and is in a private network, allow it in `registries`, under `privateHosts`; or use a registry that serves its content itself or from public HTTPS addresses',
  },
  MALFORMED_BUNDLE: {
    means: 'what is attached is not a Sigstore bundle of a format that is read',
    remedy: 'attach the evidence again as a Sigstore bundle 0.3; older cosign formats are not read',
  },
  SIGNATURE_ERROR: {
    means: 'the signature does not fit what was signed',
    remedy: 'sign again; if it happens again, find out who changes the evidence',
  },
  CERTIFICATE_ERROR: {
    means: 'the certificate does not come from an authority that is trusted',
    remedy:
      'sign with the Sigstore instance that the policy trusts, or name its trusted root in `supplyChain.trust`',
  },
  TIMESTAMP_ERROR: {
    means: 'nothing proves that it was signed while the certificate was valid',
    remedy: 'sign again with a transparency log or a timestamp authority',
  },
  TLOG_ERROR: {
    means: 'there is no good proof that the signature is in a trusted transparency log',
    remedy: 'sign again, with the log of the Sigstore instance that the policy trusts',
  },
  TLOG_BODY_ERROR: {
    means: 'the entry of the transparency log belongs to another signature',
    remedy: 'treat it as an attack: find out who attached it; then sign again',
  },
  UNTRUSTED_SIGNER: {
    means: 'it is well signed, but not by anybody who counts for this rule',
    remedy: 'let a trusted signer sign it, or name the signer in `supplyChain.trust` and in the rule',
  },
  PAYLOAD_TYPE: {
    means: 'what was signed is not an in-toto statement',
    remedy: 'sign an in-toto statement',
  },
  MALFORMED_STATEMENT: {
    means: 'the statement, or what it says, is not of the form that its type asks for',
    remedy: 'make it anew with a tool that follows the specification',
  },
  SUBJECT_MISMATCH: {
    means: 'the statement is about another image',
    remedy:
      'make the evidence for the digest that is deployed; evidence cannot be copied from image to image',
  },
  MISSING_SIGNATURE: {
    means: 'nobody who counts has signed the image',
    remedy: 'sign the image (`canary sign`), with a key or identity that the rule names',
  },
  MISSING_PROVENANCE: {
    means: 'nobody who counts says how the image was built',
    remedy: 'build the image with `canary build`, or let the build attest its provenance (SLSA provenance 1)',
  },
  MISSING_SBOM: {
    means: 'nobody who counts says what is in the image',
    remedy: 'make the SBOM (`canary sbom`), or attach one (CycloneDX or SPDX) as an attestation',
  },
  MISSING_SCAN: {
    means: 'nobody who counts has scanned the image for known vulnerabilities',
    remedy: 'scan the image (`canary scan`), or attach the result of a scan as an attestation',
  },
  MISSING_VSA: {
    means: 'there is no verdict that the image was promoted in the environment before this one',
    remedy: 'roll it out there first, and let that rollout end',
  },
  PROVENANCE_POLICY: {
    means: 'the image was built in another way than the policy allows',
    remedy: 'build it with the builder, workflow and parameters that `supplyChain.require.provenance` names',
  },
  SBOM_POLICY: {
    means: 'the SBOM is not one that can be used',
    remedy: 'make it anew, for the image and not for its sources',
  },
  VULNERABLE: {
    means: 'the newest scan found vulnerabilities that are too severe',
    remedy:
      'update what is vulnerable; where it does not matter here, let the security signer attach an exception (OpenVEX)',
  },
  SCAN_STALE: {
    means: 'the newest scan, or the data that it was made with, is too old or dated in the future',
    remedy: 'update the vulnerability data and scan again',
  },
  SCAN_FAILED: {
    means: 'the newest scan did not come to an end, or does not say what it must',
    remedy: 'see why the scanner failed, and scan again',
  },
  VSA_POLICY: {
    means:
      'the newest verdict about the image does not allow the next environment, or it was rolled back here',
    remedy: 'see why it failed there; roll it out there again, or lift the block with `canary unblock`',
  },
  SOAKING: {
    means: 'the image has not been promoted in the environment before for long enough',
    remedy: 'wait',
  },
  ROLLBACK: {
    means: 'the image is older than the one that is there',
    remedy: 'return to an earlier release with `canary rollback`, or build a newer one',
  },
  REPOSITORY_NOT_ALLOWED: {
    means: 'the image comes from a repository that is not in the policy',
    remedy: 'add the repository to `supplyChain.images` if images may come from there',
  },
  BAD_TRUST: {
    means: 'a trusted root, key or policy cannot be used',
    remedy: 'mend the entry of `supplyChain.trust` that is named',
  },
  KEY_ERROR: {
    means: 'a local key cannot be made, read or used',
    remedy: 'see that the directory of keys is there and can be written by you alone',
  },
  GATE_ERROR: {
    means: 'the gate itself failed; nothing is let in',
    remedy: 'report it with the message: it is a mistake of the program',
  },
};

/** A reason for which an image is not let in, with the remedy that goes with its code. */
export function refusal(code: SupplyChainCode, detail: string): Refusal {
  return { code, detail, remedy: REFUSAL_CODES[code].remedy };
}
