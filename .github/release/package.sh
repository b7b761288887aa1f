#!/usr/bin/env bash
# Packs one built rosterctl for a release: `bash .github/release/package.sh BINARY TARGET FOLDER`.
#
# The archive's name and inside are what .github/actions/setup downloads, and the same program makes the same bytes:
# names in order, one date for all, no owner. Runs on GNU and BSD tar, so on every runner that builds a release.
set -euo pipefail
umask 022
export TZ=UTC

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

(($# == 3)) || fail 'usage: package.sh BINARY TARGET FOLDER'
binary=$1 target=$2 folder=$3
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
[[ -x $binary ]] || fail "$binary is no program"
[[ $target =~ ^[a-z0-9_]+(-[a-z0-9_]+)+$ ]] || fail "$target is no target"

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)
said=$("$binary" --version | tr -d '\r')
[[ $said == "rosterctl $version" ]] || fail "$binary says $said, and Cargo.toml says $version"

# A static program starts on every Linux; one that asks for a loader is another program than the name promises.
if [[ $target == *-musl ]] && readelf --program-headers --wide "$binary" | grep -q INTERP; then
  fail "$binary is not static"
fi

name=rosterctl-$version-$target
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/$name/completions" "$work/$name/man" "$folder"
suffix=
if [[ $target == *-windows-* ]]; then
  suffix=.exe
fi

# Beside the program nothing at the top may begin with its name, because setup copies what does.
cp "$binary" "$work/$name/rosterctl$suffix"
chmod 755 "$work/$name/rosterctl$suffix"
cp "$root/README.md" "$root/CHANGELOG.md" "$root/LICENSE" "$root/members.toml.example" "$work/$name/"
"$binary" man --out "$work/$name/man"
"$binary" completions bash >"$work/$name/completions/rosterctl.bash"
"$binary" completions zsh >"$work/$name/completions/_rosterctl"
"$binary" completions fish >"$work/$name/completions/rosterctl.fish"
"$binary" completions powershell >"$work/$name/completions/_rosterctl.ps1"
"$binary" completions elvish >"$work/$name/completions/rosterctl.elv"

# The date of the commit; a tree without git gets the beginning of 1980, which every tool can tell.
date=$(git -C "$root" log -1 --format=%cd --date=format-local:%Y%m%d%H%M.%S 2>/dev/null || true)
find "$work/$name" -exec touch -t "${date:-198001010000.00}" {} +
owner=(--uid 0 --gid 0)
if tar --version | grep -q 'GNU tar'; then
  owner=(--owner=0 --group=0 --numeric-owner)
fi
(cd "$work" && find "$name" | LC_ALL=C sort >names &&
  tar -c -f archive.tar --format ustar --no-recursion "${owner[@]}" -T names)
gzip -9 -n "$work/archive.tar"
mv "$work/archive.tar.gz" "$folder/$name.tar.gz"
printf '%s\n' "$folder/$name.tar.gz"
