# shellcheck shell=bash
# One commit on a branch that only a workflow writes, and one pull request of it. Sourced after common.sh; it only
# defines functions.
#
# The commit is made by the API, so that no credentials are left on the runner's disk and GitHub signs it for the App.
# GH_TOKEN reads, APP_TOKEN writes: what the workflow's own token makes starts no workflow, so it would have no plan.
# COMMIT is what the files were fetched from, and FOLDER has them edited.
: "${FOLDER?}" "${COMMIT?}" "${BRANCH?}" "${APP_TOKEN?}"

# changed_files BEFORE: the paths of the members files that were edited, one each line.
changed_files() {
  local path
  (cd "$FOLDER" && find . -type f -name '*.toml' | sed 's|^\./||' | sort) | while read -r path; do
    cmp -s "$FOLDER/$path" "$1/$path" || printf '%s\n' "$path"
  done
}

# send METHOD PATH BODY: a write of the App.
send() {
  local request
  request=$(mktemp)
  printf '%s' "$3" >"$request"
  GH_TOKEN=$APP_TOKEN api "$2" --method "$1" --input "$request"
}

# push_edit BRANCH MESSAGE: commits the paths on standard input, unless the branch has them already.
push_edit() {
  local branch=$1 message=$2 path blob tree entries='[]' base_tree commit current=
  while read -r path; do
    blob=$(send POST "repos/$GITHUB_REPOSITORY/git/blobs" \
      "$(jq -n --arg content "$(base64 <"$FOLDER/$path" | tr -d '\n')" '{content: $content, encoding: "base64"}')" | jq -r .sha)
    entries=$(jq -c --arg path "$path" --arg sha "$blob" '. + [{path: $path, mode: "100644", type: "blob", sha: $sha}]' <<<"$entries")
  done
  base_tree=$(api "repos/$GITHUB_REPOSITORY/git/commits/$COMMIT" | jq -r .tree.sha)
  tree=$(send POST "repos/$GITHUB_REPOSITORY/git/trees" \
    "$(jq -n --arg base "$base_tree" --argjson tree "$entries" '{base_tree: $base, tree: $tree}')" | jq -r .sha)
  current=$(api "repos/$GITHUB_REPOSITORY/git/ref/heads/$branch" 2>/dev/null | jq -r '.object.sha // empty' || true)
  if [[ -n $current ]] && api "repos/$GITHUB_REPOSITORY/git/commits/$current" |
    jq -e --arg tree "$tree" --arg parent "$COMMIT" '.tree.sha == $tree and .parents[0].sha == $parent' >/dev/null; then
    return 0
  fi
  commit=$(send POST "repos/$GITHUB_REPOSITORY/git/commits" \
    "$(jq -n --arg message "$message" --arg tree "$tree" --arg parent "$COMMIT" '{message: $message, tree: $tree, parents: [$parent]}')" | jq -r .sha)
  if [[ -z $current ]]; then
    send POST "repos/$GITHUB_REPOSITORY/git/refs" "$(jq -n --arg ref "refs/heads/$branch" --arg sha "$commit" '{ref: $ref, sha: $sha}')" >/dev/null
  else
    # Nobody else writes this branch, so whatever it had is of an earlier run.
    send PATCH "repos/$GITHUB_REPOSITORY/git/refs/heads/$branch" "$(jq -n --arg sha "$commit" '{sha: $sha, force: true}')" >/dev/null
  fi
}

# open_pull_of BRANCH: the number of the open pull request of the branch; nothing without one.
open_pull_of() {
  api "repos/$GITHUB_REPOSITORY/pulls?state=open&head=${GITHUB_REPOSITORY%%/*}:$1" | jq -r '.[0].number // empty'
}

# make_pull BRANCH TITLE BODY LABEL: makes the pull request and prints its number.
make_pull() {
  local number
  number=$(send POST "repos/$GITHUB_REPOSITORY/pulls" "$(jq -n --arg title "$2" --arg head "$1" --arg base "$BRANCH" --arg body "$3" \
    '{title: $title, head: $head, base: $base, body: $body}')" | jq -r .number)
  send POST "repos/$GITHUB_REPOSITORY/issues/$number/labels" "$(jq -n --arg tag "$4" '{labels: [$tag]}')" >/dev/null
  printf '%s\n' "$number"
}
