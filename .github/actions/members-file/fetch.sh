#!/usr/bin/env bash
# Fetches the members file and what it includes as data: nothing of a pull request is checked out, so nothing of it can
# be executed by accident.
#
# The merge result is fetched, not the head: the head lacks whoever was added on the main branch since, and a plan of it
# would remove them.
set -euo pipefail
# shellcheck source=.github/actions/common.sh
source "$ACTION_PATH/../common.sh"
: "${PULL_REQUEST?}" "${HEAD?}" "${COMMIT?}" "${MEMBERS?}" "${INCLUDE?}" "${FOLDER?}"

readonly FILE_BYTES_MAX=1048576 FILES_MAX=200 ATTEMPTS_MAX=5
readonly PATH_PATTERN='[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*'

# parents_of COMMIT: its parents, on one line.
parents_of() {
  api "repos/$GITHUB_REPOSITORY/git/commits/$1" | jq -r '[.parents[].sha] | join(" ")'
}

# fetch COMMIT FOLDER: the members file and the included files of a commit.
fetch() {
  local commit=$1 folder=$2 tree path size blob count=0
  tree=$(mktemp)
  api "repos/$GITHUB_REPOSITORY/git/trees/$commit?recursive=1" >"$tree"
  [[ $(jq -r .truncated "$tree") == false ]] || fail "the repository has too many files to be listed in one answer"
  # Only regular files: a symbolic link could name any file of the runner.
  jq -r --arg members "$MEMBERS" --arg folder "$INCLUDE" '
    .tree[] | select(.type == "blob" and (.mode == "100644" or .mode == "100755"))
    | select(.path == $members
        or ($folder != "" and (.path | startswith($folder + "/")) and (.path | endswith(".toml"))))
    | [.path, (.size | tostring), .sha] | @tsv' "$tree" >"$tree.files"
  while IFS=$'\t' read -r path size blob; do
    want "$PATH_PATTERN" "$path" "the path of a file under $INCLUDE"
    ((size <= FILE_BYTES_MAX)) || fail "$path has $size bytes, and $FILE_BYTES_MAX is the limit"
    count=$((count + 1))
    ((count <= FILES_MAX)) || fail "there are more than $FILES_MAX members files"
    mkdir -p "$(dirname "$folder/$path")"
    # Blobs, because the contents API answers with an empty file where it is larger than 1 MiB.
    api "repos/$GITHUB_REPOSITORY/git/blobs/$blob" -H 'Accept: application/vnd.github.raw+json' >"$folder/$path"
  done <"$tree.files"
  [[ -f $folder/$MEMBERS ]] || fail "there is no regular file $MEMBERS at $commit"
}

want "$PATH_PATTERN" "$MEMBERS" 'the path of the members file'
want "($PATH_PATTERN)?" "$INCLUDE" 'the folder of the included files'

if [[ -n $PULL_REQUEST ]]; then
  want '[0-9]+' "$PULL_REQUEST" 'the number of the pull request'
  want '[0-9a-f]{40}' "$HEAD" 'the head commit'
  # GitHub makes the merge result some time after a push.
  for ((attempt = 1; ; attempt++)); do
    COMMIT=$(api "repos/$GITHUB_REPOSITORY/git/ref/pull/$PULL_REQUEST/merge" 2>/dev/null | jq -r '.object.sha // empty' || true)
    if [[ -n $COMMIT ]]; then
      read -r base head _ < <(parents_of "$COMMIT")
      [[ $head != "$HEAD" ]] || break
    fi
    ((attempt < ATTEMPTS_MAX)) ||
      fail "there is no merge result of this pull request's head: it conflicts with the main branch, or is being updated"
    sleep 2
  done
  want '[0-9a-f]{40}' "$base" 'the commit that the pull request would merge into'
  mkdir -p "$FOLDER/base"
  fetch "$base" "$FOLDER/base"
  output base "base/$MEMBERS"
  output base-commit "$base"
else
  want '[0-9a-f]{40}' "$COMMIT" 'the commit'
  output base ''
  output base-commit ''
fi
want '[0-9a-f]{40}' "$COMMIT" 'the commit'
mkdir -p "$FOLDER"
fetch "$COMMIT" "$FOLDER"
output commit "$COMMIT"
