#!/usr/bin/env bash
# Publishes an assembled release: `bash .github/release/publish.sh FOLDER TAG`, with gh and its token.
#
# Everything is uploaded to a draft, fetched back and held against SHA256SUMS before anybody sees it: an immutable
# release cannot be mended, and a half-uploaded one would break every setup that is pinned to it.
set -euo pipefail

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

(($# == 2)) || fail 'usage: publish.sh FOLDER TAG'
folder=$1 tag=$2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
version=${tag#v}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A draft of an earlier attempt is replaced; what is published stays as it is.
case $(gh release view "$tag" --json isDraft --jq .isDraft 2>/dev/null || true) in
  true) gh release delete "$tag" --yes ;;
  false) fail "$tag is published already" ;;
esac

# The changelog's section of this version, without its heading.
awk -v heading="## [$version]" 'index($0, "## [") == 1 { inside = index($0, heading) == 1; next } inside' \
  "$root/CHANGELOG.md" >"$work/notes.md"
[[ -s $work/notes.md ]] || fail "CHANGELOG.md has no section $version"

options=(--draft --verify-tag --title "rosterctl $version" --notes-file "$work/notes.md")
if [[ $version == *-* ]]; then
  options+=(--prerelease)
fi
gh release create "$tag" "${options[@]}" "$folder"/*

mkdir "$work/back"
gh release download "$tag" --dir "$work/back"
cmp "$folder/SHA256SUMS" "$work/back/SHA256SUMS"
(cd "$work/back" && if command -v sha256sum >/dev/null; then sha256sum -c SHA256SUMS; else shasum -a 256 -c SHA256SUMS; fi)
gh release edit "$tag" --draft=false
