#!/usr/bin/env bash
# Installs the tools of others that ours are held against: skopeo, docker-registry, podman, docker, buildah, oras, cosign.
# For Debian and its kin, as root. Does nothing where they are there already; building cosign takes some minutes.
set -euo pipefail

bin=/usr/local/bin
# Version 3 writes Sigstore bundles as referrers by default; Debian has version 2.
cosign_version=v3.1.3

has() { command -v "$1" >/dev/null; }

# By this file, Debian's packages are told to start no service: the tests start their own, in places of their own.
policy=/usr/sbin/policy-rc.d

install_packages() (
  if ! [ -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
)

missing=()
for package in skopeo docker-registry podman buildah runc; do
  has "$package" || missing+=("$package")
done
has dockerd || missing+=(docker.io)
# What sets up the network of its containers.
has ip || missing+=(iproute2)
if [ "${#missing[@]}" -gt 0 ]; then
  apt-get update -qq
  # Since Debian 13, the client of docker.io is a package of its own.
  if ! has docker && apt-cache show docker-cli >/dev/null 2>&1; then missing+=(docker-cli); fi
  install_packages "${missing[@]}"
fi

# Debian has oras since version 13. It needs the C library only, so the package of that version is unpacked on older ones,
# by lists of packages of its own: the machine's stay as they are.
if ! has oras; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work"/{sources,lists/partial,cache/archives/partial,root}
  cat >"$work/sources/trixie.sources" <<'SOURCE'
Types: deb
URIs: http://deb.debian.org/debian
Suites: trixie
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCE
  options=(
    -o Dir::Etc::SourceList=/dev/null
    -o Dir::Etc::SourceParts="$work/sources"
    -o Dir::State::Lists="$work/lists"
    -o Dir::Cache="$work/cache"
    -o APT::Sandbox::User=root
  )
  apt-get "${options[@]}" update -qq
  (cd "$work" && apt-get "${options[@]}" download -qq oras)
  dpkg-deb -x "$work"/oras_*.deb "$work/root"
  install -m 755 "$work/root/usr/bin/oras" "$bin/oras"
fi

if ! has cosign || ! cosign version 2>/dev/null | grep -q "GitVersion: *v3\."; then
  GOBIN=$bin go install "github.com/sigstore/cosign/v3/cmd/cosign@$cosign_version"
fi

for tool in skopeo docker-registry podman dockerd docker oras cosign; do
  echo "$tool: $(command -v "$tool")"
done
