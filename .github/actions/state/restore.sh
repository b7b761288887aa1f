#!/usr/bin/env bash
# Restores `.rosterctl/` from the newest artifact of a run that nobody but the main branch can have started.
#
# A cache would do the same, but pull requests can write caches. An artifact's name is free as well, so the run that it
# is of is what counts: its workflow, its event, its branch, its repository and its commit. The branch alone proves
# nothing, because a tag named like it, of a commit with workflows of its own, is called the branch of its run.
set -euo pipefail
# shellcheck source=.github/actions/common.sh
source "$ACTION_PATH/../common.sh"
: "${ARTIFACT?}" "${WORKFLOWS?}" "${BRANCH?}" "${FOLDER?}" "${MEMBERS?}"

FOLDER=$FOLDER/$(dirname "$MEMBERS")
readonly ARTIFACT_BYTES_MAX=104857600

# is_ours RUN: whether a run is one of the workflows, on the default branch of this repository.
is_ours() {
  local run commit
  run=$(api "repos/$GITHUB_REPOSITORY/actions/runs/$1")
  jq -e --arg workflows "$WORKFLOWS" --arg branch "$BRANCH" --arg repository "$GITHUB_REPOSITORY" '
    (.path | split("@")[0]) as $path
    | ($workflows | split(" ") | index($path)) != null
      and (.event | IN("push", "schedule", "workflow_dispatch"))
      and .head_branch == $branch
      and .head_repository.full_name == $repository' <<<"$run" >/dev/null || return 1
  commit=$(jq -r .head_sha <<<"$run")
  [[ $commit =~ ^[0-9a-f]{40}$ ]] || return 1
  api "repos/$GITHUB_REPOSITORY/compare/$commit...$tip?per_page=1" | jq -e '.status | IN("ahead", "identical")' >/dev/null
}

want '[A-Za-z0-9_-]+' "$ARTIFACT" 'the name of the artifact'
want '[A-Za-z0-9_./-]+' "$BRANCH" 'the branch'

tip=$(api "repos/$GITHUB_REPOSITORY/git/ref/heads/$BRANCH" | jq -r .object.sha)
want '[0-9a-f]{40}' "$tip" 'the tip of the branch'
list=$(mktemp)
# All of them: others can make newer ones of this name, and a history that is forgotten limits nothing.
pages "repos/$GITHUB_REPOSITORY/actions/artifacts?name=$ARTIFACT&per_page=100" >"$list"
jq -r --argjson max "$ARTIFACT_BYTES_MAX" --arg branch "$BRANCH" '
  [.[].artifacts[] | select(.expired | not) | select(.size_in_bytes <= $max)
    | select((.workflow_run.head_branch // $branch) == $branch)] | sort_by(.created_at) | reverse[]
  | [.id, .workflow_run.id] | @tsv' "$list" >"$list.candidates"

applied=
found=
while IFS=$'\t' read -r artifact run; do
  if is_ours "$run"; then
    found=$artifact
    break
  fi
done <"$list.candidates"

if [[ -n $found ]]; then
  api "repos/$GITHUB_REPOSITORY/actions/artifacts/$found/zip" >"$list.zip"
  mkdir -p "$FOLDER/.rosterctl"
  unzip -q -o "$list.zip" -d "$FOLDER/.rosterctl"
  if [[ -f $FOLDER/.rosterctl/state.sealed ]]; then
    unseal "$FOLDER/.rosterctl/state.sealed" "$list.tar"
    rm "$FOLDER/.rosterctl/state.sealed"
    tar -C "$FOLDER/.rosterctl" -xf "$list.tar"
  fi
  # Through a link, what is kept next would be written, or shown, elsewhere.
  [[ -z $(find "$FOLDER/.rosterctl" ! -type f ! -type d) ]] || fail 'what was kept holds something that is neither a file nor a folder'
  if [[ -f $FOLDER/.rosterctl/applied-commit ]]; then
    applied=$(<"$FOLDER/.rosterctl/applied-commit")
    want '[0-9a-f]{40}' "$applied" 'the commit of the last apply'
  fi
  echo "restored from run $run"
else
  notice "nothing is remembered of earlier runs: this is the first one, or its artifacts have expired"
fi
output applied-commit "$applied"
