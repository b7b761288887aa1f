#!/usr/bin/env bash
# Writes one sticky comment: edits the author's own comment that begins with the marker, or makes it.
#
# The marker alone decides nothing, because anybody can write it into a comment of theirs.
set -euo pipefail
# shellcheck source=.github/actions/common.sh
source "$ACTION_PATH/../common.sh"
: "${ISSUES?}" "${MARKER?}" "${BODY?}" "${AUTHOR?}"

# GitHub refuses a longer body.
readonly BODY_CHARACTERS_MAX=65536

want '[A-Za-z0-9:_-]+' "$MARKER" 'the marker'
first_line="<!-- rosterctl:$MARKER -->"
work=$(mktemp -d)
{
  printf '%s\n' "$first_line"
  cat "$BODY"
} >"$work/body.md"
if (($(wc -m <"$work/body.md") > BODY_CHARACTERS_MAX)); then
  {
    printf '%s\n### Too long for a comment\n\n' "$first_line"
    # shellcheck disable=SC2016 # The backticks are Markdown.
    printf 'All of it is in the summary and the artifacts of [the run](%s). Do not approve what you have not read there.\n' \
      "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"
  } >"$work/body.md"
fi
# A file, because a body in an argument is limited and shown in the list of processes.
jq -Rs '{body: .}' "$work/body.md" >"$work/request.json"

for issue in $ISSUES; do
  want '[0-9]+' "$issue" 'the number of the issue'
  pages "repos/$GITHUB_REPOSITORY/issues/$issue/comments?per_page=100" >"$work/comments.json"
  id=$(jq -r --arg author "$AUTHOR" --arg first "$first_line" '
    [add[]? | select(.user.login == $author) | select(.body | split("\n")[0] | rtrimstr("\r") == $first)][0].id // empty
  ' "$work/comments.json")
  if [[ -n $id ]]; then
    api "repos/$GITHUB_REPOSITORY/issues/comments/$id" --method PATCH --input "$work/request.json" >/dev/null
    echo "edited the comment on #$issue"
  else
    api "repos/$GITHUB_REPOSITORY/issues/$issue/comments" --method POST --input "$work/request.json" >/dev/null
    echo "commented on #$issue"
  fi
done
