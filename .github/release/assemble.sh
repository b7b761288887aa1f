#!/usr/bin/env bash
# Completes a folder of archives to a release: `bash .github/release/assemble.sh FOLDER TAG`.
#
# A release with a target missing would leave those runners without an installation, so it is refused as a whole:
# the tag has to be the version, and each target that .github/actions/setup knows has to be there, and nothing else.
set -euo pipefail

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

(($# == 2)) || fail 'usage: assemble.sh FOLDER TAG'
folder=$1 tag=$2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)
[[ $tag == "v$version" ]] || fail "the tag is $tag, and Cargo.toml says $version"
grep -qF "## [$version]" "$root/CHANGELOG.md" || fail "CHANGELOG.md has no section $version"

wanted=$({
  sed -n "s/^ *[A-Za-z]*\/[A-Z0-9]*) echo \([a-z0-9_-]*\) ;;$/rosterctl-$version-\1.tar.gz/p" "$root/.github/actions/setup/setup.sh"
  echo "rosterctl-$version.cdx.json"
} | LC_ALL=C sort)
found=$(cd "$folder" && find . -type f | sed 's/^\.\///' | LC_ALL=C sort)
[[ $found == "$wanted" ]] ||
  fail "the folder does not hold exactly what a release is made of:"$'\n'"$(diff <(echo "$wanted") <(echo "$found") || true)"

cd "$folder"
files=(*)
if command -v sha256sum >/dev/null; then sha256sum "${files[@]}"; else shasum -a 256 "${files[@]}"; fi >SHA256SUMS
cat SHA256SUMS
