#!/usr/bin/env bash
# The base of podinfo's image, by the digest of its manifest for one platform.
#
#   base-image.sh resolve REPOSITORY:TAG OS/ARCHITECTURE   looks it up and prints the document for podinfo/base-image.json
#   base-image.sh verify FILE                              checks such a document anew and prints REPOSITORY@DIGEST
#
# What is signed is the index of all platforms. Its bytes are hashed here, so that the manifest it names for a platform is
# as trustworthy as the index. Needs docker buildx, cosign 3.1 or newer, jq and sha256sum.
set -euo pipefail

# https://github.com/GoogleContainerTools/distroless says who signs.
readonly SIGNER=keyless@distroless.iam.gserviceaccount.com
readonly ISSUER=https://accounts.google.com

fail() {
  printf 'base-image.sh: %s\n' "$1" >&2
  exit 1
}

# Prints the digest of the manifest for the platform, in the index that is named by digest.
manifest_in_index() {
  local repository=$1 index=$2 platform=$3 bytes manifests
  cosign verify "$repository@$index" --certificate-identity "$SIGNER" --certificate-oidc-issuer "$ISSUER" >/dev/null ||
    fail "$repository@$index is not signed by $SIGNER; do not build with it"
  bytes=$(mktemp)
  docker buildx imagetools inspect --raw "$repository@$index" >"$bytes"
  [[ "sha256:$(sha256sum <"$bytes" | cut -d' ' -f1)" == "$index" ]] ||
    fail "the registry gave other bytes for $repository@$index than that digest stands for"
  manifests=$(jq -r --arg platform "$platform" \
    '.manifests[]? | select("\(.platform.os)/\(.platform.architecture)" == $platform) | .digest' "$bytes")
  rm "$bytes"
  [[ $manifests =~ ^sha256:[0-9a-f]{64}$ ]] || fail "$repository@$index does not have exactly one image for $platform"
  printf '%s\n' "$manifests"
}

resolve() {
  local name=$1 platform=$2 repository tag index manifest
  repository=${name%:*} tag=${name##*:}
  [[ $name == *:* && $tag != */* ]] || fail "say which tag to look up: $name:nonroot"
  index=$(docker buildx imagetools inspect --format '{{json .Manifest}}' "$name" | jq -er .digest)
  manifest=$(manifest_in_index "$repository" "$index" "$platform")
  jq -n --arg repository "$repository" --arg tag "$tag" --arg platform "$platform" --arg index "$index" \
    --arg manifest "$manifest" '{$repository, $tag, $platform, $index, $manifest}'
}

verify() {
  local file=$1 repository platform index manifest
  [[ -f $file ]] || fail "there is no $file; run the workflow base-image, which proposes it"
  repository=$(jq -er .repository "$file") platform=$(jq -er .platform "$file")
  index=$(jq -er .index "$file")
  manifest=$(manifest_in_index "$repository" "$index" "$platform")
  [[ $manifest == "$(jq -er .manifest "$file")" ]] || fail "$file names another manifest than $repository@$index does"
  printf '%s@%s\n' "$repository" "$manifest"
}

case "${1:-}:$#" in
  resolve:3) resolve "$2" "$3" ;;
  verify:2) verify "$2" ;;
  *) fail 'usage: base-image.sh resolve REPOSITORY:TAG OS/ARCHITECTURE | base-image.sh verify FILE' ;;
esac
