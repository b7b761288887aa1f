#!/usr/bin/env bash
# One issue for each organization: opened with the first difference, edited every night, commented on only when the
# differences are others than the night before, and closed when there are none.
#
# A night on which nothing could be read proves nothing. It never closes the issue and never says "no drift"; after two
# in a row the check itself is the news.
set -euo pipefail
# shellcheck source=.github/actions/common.sh
source "$ACTION_PATH/../common.sh"
: "${ORGANIZATION?}" "${EXIT_CODE?}" "${DRIFT_ID?}" "${BODY?}" "${RECORD?}" "${LABEL?}" "${AUTHOR?}"

readonly BLIND_NIGHTS=2

if [[ -z $ORGANIZATION && -s $RECORD ]]; then
  # A members file that cannot be read names none, and the night is as blind as any other.
  ORGANIZATION=$(jq -r '.organization // ""' "$RECORD")
fi
want 'org-[A-Za-z0-9_-]+' "$ORGANIZATION" 'the organization'
want '[0-9]+' "$EXIT_CODE" 'the exit code'
want '([0-9a-f]{64})?' "$DRIFT_ID" 'the drift id'
want '[a-z0-9-]+' "$LABEL" 'the label'
work=$(mktemp -d)
today=$(date -u +%Y-%m-%d)
marker="<!-- rosterctl:drift:$ORGANIZATION -->"

# find: the numbers of the open issues of this organization, the oldest first.
find_issues() {
  pages "repos/$GITHUB_REPOSITORY/issues?state=open&labels=$LABEL&per_page=100" >"$work/issues.json"
  jq -r --arg author "$AUTHOR" --arg marker "$marker" '
    [add[]? | select(.pull_request | not) | select(.user.login == $author)
      | select((.body // "") | split("\n")[0] | rtrimstr("\r") == $marker)] | sort_by(.number)[].number
  ' "$work/issues.json"
}

# id_in ISSUE: the drift id that the issue's second line holds.
id_in() {
  jq -r --argjson number "$1" '
    add[] | select(.number == $number) | .body | split("\n")[1] // ""
    | capture("^<!-- drift-id (?<id>[0-9a-f]{64}) -->").id // ""' "$work/issues.json"
}

# write METHOD PATH TITLE ID: makes or edits the issue with the body in $work/text.md.
write() {
  local method=$1 path=$2 title=$3 id=$4
  {
    printf '%s\n<!-- drift-id %s -->\n' "$marker" "$id"
    cat "$work/text.md"
  } >"$work/body.md"
  jq -n --rawfile body "$work/body.md" --arg title "$title" --arg tag "$LABEL" \
    '{title: $title, body: $body, labels: [$tag]}' >"$work/request.json"
  api "$path" --method "$method" --input "$work/request.json" >/dev/null
}

# comment ISSUE TEXT
comment() {
  jq -n --arg body "$2" '{body: $body}' >"$work/request.json"
  api "repos/$GITHUB_REPOSITORY/issues/$1/comments" --method POST --input "$work/request.json" >/dev/null
}

# close ISSUE TEXT
close() {
  comment "$1" "$2"
  printf '{"state":"closed","state_reason":"completed"}' >"$work/request.json"
  api "repos/$GITHUB_REPOSITORY/issues/$1" --method PATCH --input "$work/request.json" >/dev/null
}

# remember NIGHTS SINCE
remember() {
  mkdir -p "$(dirname "$RECORD")"
  jq -n --arg organization "$ORGANIZATION" --argjson nights "$1" --arg since "$2" \
    '{organization: $organization, unreadable_nights: $nights, blind_since: $since}' >"$RECORD"
}

# By a file: without the list, the night must not end as if there were no issue.
find_issues >"$work/open.txt"
mapfile -t issues <"$work/open.txt"
issue=${issues[0]:-}
for duplicate in "${issues[@]:1}"; do
  close "$duplicate" "Closed in favour of #$issue: there is one drift issue for each organization."
done
run=$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID
link="[Run]($run)"

case $EXIT_CODE in
  0)
    remember 0 ''
    if [[ -n $issue ]]; then
      close "$issue" "Converged: live equals desired as of $today. $link"
      echo "closed #$issue"
    else
      echo 'no difference, no issue'
    fi
    ;;
  2)
    [[ -n $DRIFT_ID ]] || fail 'there is a difference without an id'
    remember 0 ''
    { cat "$BODY"; printf '\nAs of %s. %s\n' "$today" "$link"; } >"$work/text.md"
    title="Membership drift in $ORGANIZATION"
    if [[ -z $issue ]]; then
      write POST "repos/$GITHUB_REPOSITORY/issues" "$title" "$DRIFT_ID"
      echo 'opened an issue'
    else
      before=$(id_in "$issue")
      write PATCH "repos/$GITHUB_REPOSITORY/issues/$issue" "$title" "$DRIFT_ID"
      if [[ $before != "$DRIFT_ID" ]]; then
        comment "$issue" "The differences have changed; the description above is as of $today. $link"
        echo "edited #$issue and commented: the differences have changed"
      else
        echo "edited #$issue: the same differences"
      fi
    fi
    ;;
  *)
    nights=1
    since=$today
    if [[ -s $RECORD ]]; then
      nights=$(jq -r '.unreadable_nights // 0' "$RECORD")
      want '0|[1-9][0-9]{0,5}' "$nights" 'the number of nights that could not be read'
      nights=$((nights + 1))
      since=$(jq -r --arg today "$today" '.blind_since // "" | if . == "" then $today else . end' "$RECORD")
    fi
    want '[0-9]{4}-[0-9]{2}-[0-9]{2}' "$since" 'the day since which nothing could be read'
    remember "$nights" "$since"
    if ((nights < BLIND_NIGHTS)) && [[ -z $issue ]]; then
      echo "could not read; an issue follows if the next night cannot read either"
    else
      {
        printf '> [!WARNING]\n> The drift check is blind since %s: %s night(s) in a row could not be read. ' "$since" "$nights"
        printf 'Whatever was known before may have changed.\n\n'
        cat "$BODY"
        printf '\nAs of %s. %s\n' "$today" "$link"
      } >"$work/text.md"
      title="Membership drift in $ORGANIZATION: the check is blind since $since"
      if [[ -z $issue ]]; then
        write POST "repos/$GITHUB_REPOSITORY/issues" "$title" "$(printf '0%.0s' {1..64})"
        echo 'opened an issue: the check is blind'
      else
        write PATCH "repos/$GITHUB_REPOSITORY/issues/$issue" "$title" "$(id_in "$issue")"
        if ((nights == BLIND_NIGHTS)); then
          comment "$issue" "The drift check is blind since $since. $link"
        fi
        echo "edited #$issue: the check is blind"
      fi
    fi
    ;;
esac
