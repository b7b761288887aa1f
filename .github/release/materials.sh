#!/usr/bin/env bash
# Writes the release's bill of materials: `bash .github/release/materials.sh FOLDER`, with cargo-cyclonedx.
#
# One CycloneDX document of what is linked into any of the archives: the dependencies of every system, none of those
# that only tests and build scripts have.
set -euo pipefail

(($# == 1)) || { echo 'usage: materials.sh FOLDER' >&2; exit 1; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
name=rosterctl-$version.cdx

# With the commit's date the same commit makes the same document; the folder it was made in concerns nobody.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
cargo cyclonedx --quiet --format json --spec-version 1.5 --target all --no-build-deps --override-filename "$name"
sed "s|file://$PWD||g" "$name.json" >"$folder/$name.json"
rm "$name.json"
printf '%s\n' "$folder/$name.json"
