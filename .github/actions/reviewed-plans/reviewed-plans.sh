#!/usr/bin/env bash
# Gathers the upper bound of an apply: the plan of each pull request merged since the last successful apply, as its own
# plan run left it.
#
# A name proves nothing: an artifact counts only if its run is one of the plan workflow, for pull_request_target, of
# this repository, successful, and over before the merge. What the plans do not hold is not applied by `rosterctl apply`
# either way; this script only says early and in words what is missing.
set -euo pipefail
# shellcheck source=.github/actions/common.sh
source "$ACTION_PATH/../common.sh"
: "${APPLIED_COMMIT?}" "${BEFORE?}" "${COMMIT?}" "${BRANCH?}" "${MEMBERS?}" "${INCLUDE?}" "${WORKFLOW?}" "${ARTIFACT?}" "${FOLDER?}"

readonly COMMITS_MAX=500 ARTIFACT_BYTES_MAX=52428800 STALE=4
readonly WAY_ON='Run this workflow by hand: it plans anew and asks for approval.'

want '[A-Za-z0-9_./-]+' "$BRANCH" 'the branch'
want '[0-9a-f]{40}' "$COMMIT" 'the commit'
work=$(mktemp -d)
rm -rf "$FOLDER"
mkdir -p "$FOLDER"
: >"$FOLDER/plans.txt"
output plans "$FOLDER/plans.txt"

# commits_since BASE: the commits between the base and the commit to apply, one each line.
commits_since() {
  pages "repos/$GITHUB_REPOSITORY/compare/$1...$COMMIT?per_page=100" >"$work/compare.json"
  [[ $(jq -r '.[0].status' "$work/compare.json") =~ ^(ahead|identical)$ ]] ||
    fail "the last applied commit is no ancestor of this one: the branch was rewritten. $WAY_ON" "$STALE"
  jq -r '[.[].commits[].sha] | unique[]' "$work/compare.json" >"$work/commits.txt"
  (($(wc -l <"$work/commits.txt") <= COMMITS_MAX)) || fail "there are more than $COMMITS_MAX commits since the last apply. $WAY_ON" "$STALE"
}

# merged_pulls: the pull requests that brought these commits, one JSON object each line.
merged_pulls() {
  local commit
  : >"$work/all.jsonl"
  while read -r commit; do
    api "repos/$GITHUB_REPOSITORY/commits/$commit/pulls" >"$work/pulls.json"
    jq -c --arg branch "$BRANCH" '.[] | select(.merged_at != null and .base.ref == $branch)
      | {number, merged_at, head: .head.sha, merge: .merge_commit_sha}' "$work/pulls.json" >>"$work/all.jsonl"
  done <"$work/commits.txt"
  # A pull request counts if its own merge is among the commits: a commit can be in several.
  jq -cs --rawfile commits "$work/commits.txt" '
    ($commits | split("\n")) as $range | unique_by(.number)[] | select(.merge as $m | $range | index($m))
  ' "$work/all.jsonl"
}

# members_at COMMIT: the members files of a commit, by their contents.
members_at() {
  api "repos/$GITHUB_REPOSITORY/git/trees/$1?recursive=1" >"$work/tree.json"
  jq -r --arg commit "$1" --arg members "$MEMBERS" --arg folder "$INCLUDE" '
    if .truncated then "too many files to compare at \($commit)" else
      .tree[] | select(.path == $members or ($folder != "" and (.path | startswith($folder + "/")))) | [.path, .sha] | @tsv
    end' "$work/tree.json"
}

# touches_members PULL: whether a pull request changed a members file.
touches_members() {
  pages "repos/$GITHUB_REPOSITORY/pulls/$1/files?per_page=100" >"$work/files.json"
  jq -e --arg members "$MEMBERS" --arg folder "$INCLUDE" '
    [add[]? | .filename, (.previous_filename // empty)]
    | any(. == $members or ($folder != "" and startswith($folder + "/")))' "$work/files.json" >/dev/null
}

# is_plan_run RUN: whether a run is one of the plan workflow that nobody but the default branch can have defined.
is_plan_run() {
  api "repos/$GITHUB_REPOSITORY/actions/runs/$1" >"$work/run.json"
  jq -e --arg path "$WORKFLOW" --arg repository "$GITHUB_REPOSITORY" '
    (.path | split("@")[0]) == $path and .event == "pull_request_target" and .conclusion == "success"
    and .repository.full_name == $repository and .head_repository.full_name == $repository' "$work/run.json" >/dev/null
}

# plan_of PULL HEAD MERGED_AT: writes the newest plan that was made for this head before the merge.
plan_of() {
  local pull=$1 head=$2 merged_at=$3 artifact run
  api "repos/$GITHUB_REPOSITORY/actions/artifacts?name=$ARTIFACT-$pull-$head&per_page=100" >"$work/artifacts.json"
  jq -r --arg merged_at "$merged_at" --argjson max "$ARTIFACT_BYTES_MAX" '
    [.artifacts[] | select(.expired | not) | select(.size_in_bytes <= $max) | select(.created_at <= $merged_at)]
    | sort_by(.created_at) | reverse[] | [.id, .workflow_run.id] | @tsv' "$work/artifacts.json" >"$work/candidates.tsv"
  while IFS=$'\t' read -r artifact run; do
    if ! is_plan_run "$run"; then
      notice "an artifact of pull request #$pull is of run $run, which is no plan run: it is left alone"
      continue
    fi
    api "repos/$GITHUB_REPOSITORY/actions/artifacts/$artifact/zip" >"$work/plan.zip"
    unzip -p "$work/plan.zip" context.json >"$work/context.json" || return 1
    jq -e --argjson pull "$pull" --arg head "$head" '.pull_request == $pull and .head == $head' "$work/context.json" >/dev/null || return 1
    if unzip -p "$work/plan.zip" plan.json.sealed >"$work/plan.sealed" 2>/dev/null; then
      unseal "$work/plan.sealed" "$FOLDER/$pull.json"
    else
      unzip -p "$work/plan.zip" plan.json >"$FOLDER/$pull.json" || return 1
    fi
    printf '%s\n' "$FOLDER/$pull.json" >>"$FOLDER/plans.txt"
    echo "pull request #$pull was reviewed with the plan of run $run"
    return 0
  done <"$work/candidates.tsv"
  return 1
}

# list_pulls BASE: gathers the pull requests since the base, and names them for the comments.
list_pulls() {
  commits_since "$1"
  merged_pulls >"$work/merged.jsonl"
  output pull-requests "$(jq -rs '[.[].number | tostring] | join(" ")' "$work/merged.jsonl")"
}

base=${APPLIED_COMMIT:-$BEFORE}
want '[0-9a-f]{40}' "$base" 'the commit of the last apply'

if [[ $base =~ ^0+$ ]]; then
  fail "this push made the branch, so nothing of it was reviewed. $WAY_ON" "$STALE"
fi

# A run that is started again would apply an old file: only the tip of the branch is applied, and the tip's run gathers
# what the others left.
tip=$(api "repos/$GITHUB_REPOSITORY/git/ref/heads/$BRANCH" | jq -r .object.sha)
if [[ $tip != "$COMMIT" ]]; then
  notice "superseded: $BRANCH is at $tip, so nothing is applied by this run"
  output standing superseded
  # What was applied meanwhile keeps the comment that says so.
  if [[ $(api "repos/$GITHUB_REPOSITORY/compare/$base...$COMMIT" | jq -r .status) == ahead ]]; then
    list_pulls "$base"
  fi
  exit 0
fi
if [[ $APPLIED_COMMIT == "$COMMIT" ]]; then
  notice 'this commit was applied already'
  output standing applied
  exit 0
fi
# Of several organizations, a push touches some.
members_at "$base" >"$work/applied.txt"
members_at "$COMMIT" >"$work/wanted.txt"
if cmp -s "$work/applied.txt" "$work/wanted.txt"; then
  notice "nothing under $MEMBERS has changed since the last apply"
  output standing untouched
  exit 0
fi
output standing tip
list_pulls "$base"

while IFS=$'\t' read -r pull head merged_at; do
  want '[0-9]+' "$pull" 'the number of a pull request'
  want '[0-9a-f]{40}' "$head" 'the head of a pull request'
  touches_members "$pull" || continue
  plan_of "$pull" "$head" "$merged_at" ||
    fail "pull request #$pull changed the members file, and no plan run of its head left a plan before the merge. $WAY_ON" "$STALE"
done < <(jq -r '[.number, .head, .merged_at] | @tsv' "$work/merged.jsonl")
[[ -s $FOLDER/plans.txt ]] || fail "nothing since the last apply was reviewed: a direct push, or a merge without a plan. $WAY_ON" "$STALE"
