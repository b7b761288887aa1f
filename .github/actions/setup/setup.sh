#!/usr/bin/env bash
# Puts a rosterctl on the PATH that is exactly the released one, or the one that the runner's owner put there.
#
# The release's SHA256SUMS alone proves nothing, because whoever can replace the archive can replace it as well: the
# attestation says that the project's own release workflow built the archive from the tag.
set -euo pipefail
# shellcheck source=.github/actions/common.sh
source "$ACTION_PATH/../common.sh"
: "${BINARY?}" "${VERSION?}" "${SHA256?}" "${REPOSITORY?}" "${ATTESTATION?}"

folder=$RUNNER_TEMP/rosterctl-bin
mkdir -p "$folder"

# target: the release's name for this runner.
target() {
  case "${RUNNER_OS:-}/${RUNNER_ARCH:-}" in
    Linux/X64) echo x86_64-unknown-linux-musl ;;
    Linux/ARM64) echo aarch64-unknown-linux-musl ;;
    macOS/X64) echo x86_64-apple-darwin ;;
    macOS/ARM64) echo aarch64-apple-darwin ;;
    Windows/X64) echo x86_64-pc-windows-msvc ;;
    *) return 1 ;;
  esac
}

download() {
  local version=$VERSION target archive work found
  if [[ -z $version ]]; then
    version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$ACTION_PATH/../../../Cargo.toml" | head -n 1)
  fi
  want '[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?' "$version" 'the version'
  want '[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+' "$REPOSITORY" 'the repository'
  target=$(target) || fail "there is no release for ${RUNNER_OS:-?} on ${RUNNER_ARCH:-?}; build one and pass its path as binary"
  archive=rosterctl-$version-$target.tar.gz
  work=$(mktemp -d)
  gh release download "v$version" --repo "$REPOSITORY" --pattern "$archive" --pattern SHA256SUMS --dir "$work" ||
    fail "the release v$version of $REPOSITORY could not be downloaded"

  found=$(hash_of "$work/$archive")
  [[ $(awk -v name="$archive" '$2 == name || $2 == "*" name { print $1 }' "$work/SHA256SUMS") == "$found" ]] ||
    fail "$archive is not what SHA256SUMS says"
  [[ -z $SHA256 || $SHA256 == "$found" ]] || fail "$archive has the SHA-256 $found, and $SHA256 was asked for"
  if [[ $ATTESTATION != none ]]; then
    gh attestation verify "$work/$archive" --repo "$REPOSITORY" --source-ref "refs/tags/v$version" \
      --signer-workflow "$REPOSITORY/.github/workflows/release.yml" ||
      fail "nothing proves that $archive was built by the release workflow of $REPOSITORY"
  fi
  tar -xzf "$work/$archive" -C "$work"
  cp "$work/rosterctl-$version-$target/rosterctl"* "$folder/"
}

hash_of() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | awk '{ print $1 }'
}

if [[ -n $BINARY ]]; then
  [[ $BINARY == /* && -x $BINARY ]] || fail "binary has to be the absolute path of a program, and this one is not"
  ln -sf "$BINARY" "$folder/rosterctl"
else
  download
fi
printf '%s\n' "$folder" >>"$GITHUB_PATH"
version=$("$folder/rosterctl" --version)
printf '%s\n' "$version"
output version "$version"
