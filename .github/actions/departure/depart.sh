#!/usr/bin/env bash
# Turns one off-boarding event into one pull request.
#
# The event comes from outside: it may name a person and a day, and nothing else. In particular it never names a role,
# because whoever can send events could make themselves an owner.
set -euo pipefail
# shellcheck source=.github/actions/common.sh
source "$ACTION_PATH/../common.sh"
# shellcheck source=.github/actions/pull-request.sh
source "$ACTION_PATH/../pull-request.sh"
: "${PAYLOAD?}" "${MEMBERS?}" "${FOLDER?}" "${COMMIT?}" "${BRANCH?}" "${APP_TOKEN?}" "${ISSUE_TOKEN?}" "${LABEL?}"

readonly EMAIL_PATTERN="[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"
readonly DATE_PATTERN='[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'

jq -e 'type == "object"' <<<"$PAYLOAD" >/dev/null || fail 'the payload is no JSON object'
unknown=$(jq -r 'keys - ["email", "ticket", "effective"] | length' <<<"$PAYLOAD")
[[ $unknown == 0 ]] || fail 'the payload has a key beside email, ticket and effective: an event cannot give a role, or anything else'
[[ $(jq -r '[.[] | select(. != null and (type != "string"))] | length' <<<"$PAYLOAD") == 0 ]] || fail 'a value of the payload is no text'
email=$(jq -r '.email // ""' <<<"$PAYLOAD" | tr '[:upper:]' '[:lower:]')
ticket=$(jq -r '.ticket // ""' <<<"$PAYLOAD")
effective=$(jq -r '.effective // ""' <<<"$PAYLOAD")
want "$EMAIL_PATTERN" "$email" 'the address of the payload'
want '([A-Za-z0-9][A-Za-z0-9._#/-]{0,63})?' "$ticket" 'the ticket of the payload'
want "($DATE_PATTERN)?" "$effective" 'the day of the payload'

file=$FOLDER/$MEMBERS
work=$(mktemp -d)
cp -R "$FOLDER" "$work/before"
today=$(date -u +%Y-%m-%d)

rosterctl members list --format json --file "$file" >"$work/people.json"
# An alias is an address under which other systems know the person.
declared=$(jq -r --arg email "$email" '
  [.members[] | select(.email == $email or (.aliases | index($email)))][0].email // empty' "$work/people.json")
departed=$(jq -r --arg email "$email" '[.departed[] | select(.email == $email)][0].email // empty' "$work/people.json")
# By the address of the file, so that events with an alias of the person make no second pull request.
branch=offboard/$(printf '%s' "${declared:-$email}" | sha256sum | cut -c 1-12)
marker="<!-- rosterctl:$branch -->"

# tombstone EMAIL
tombstone() {
  local options=(--departed --file "$file")
  if [[ -n $ticket ]]; then
    options+=(--ticket "$ticket")
  fi
  rosterctl members remove "$1" "${options[@]}"
}

# A file that was laid out stays so, or the check of the pull request would be red.
laid_out=false
if rosterctl fmt --check "$file" >/dev/null 2>&1; then
  laid_out=true
fi

what=
if [[ -n $declared ]]; then
  standing=declared
  email=$declared
  if [[ -n $effective && $effective > $today ]]; then
    rosterctl members set "$email" --expires "$effective" --file "$file"
    what="access ends after $effective"
  else
    tombstone "$email" || fail 'the members file cannot do without this person: see the message above, and decide by hand'
    what='has left'
  fi
elif [[ -n $departed ]]; then
  standing=departed
else
  standing=unknown
  # Somebody whom nobody declared may still be in: the tombstone has every plan remove them.
  rosterctl members add "$email" --file "$file" >/dev/null
  tombstone "$email"
  what='has left, and was never declared'
fi
if [[ $laid_out == true ]]; then
  rosterctl fmt "$file" >/dev/null
fi
output standing "$standing"
output email "$email"

# report_unknown PULL: opens one issue for the address.
report_unknown() {
  local open
  pages "repos/$GITHUB_REPOSITORY/issues?state=open&labels=$LABEL&per_page=100" >"$work/issues.json"
  open=$(jq -r --arg marker "$marker" '[add[]? | select(.pull_request | not) | select((.body // "") | startswith($marker))][0].number // empty' "$work/issues.json")
  if [[ -z $open ]]; then
    jq -n --arg tag "$LABEL" --arg title "Off-boarding event for $email, whom the members file does not name" \
      --arg body "$marker"$'\n'"The address is neither declared nor departed: it is mistyped, or known under another one here, or somebody was never declared. #$1 adds the tombstone; merge it if the address is right." \
      '{title: $title, body: $body, labels: [$tag]}' >"$work/request.json"
    GH_TOKEN=$ISSUE_TOKEN api "repos/$GITHUB_REPOSITORY/issues" --method POST --input "$work/request.json" >/dev/null
  fi
}

export GH_TOKEN=$ISSUE_TOKEN
pull=
if [[ $standing == departed ]]; then
  echo 'the file has this tombstone already: nothing to do'
else
  changed_files "$work/before" >"$work/changed.txt"
  [[ -s $work/changed.txt ]] || { output pull-request ''; echo 'the file says so already: nothing to do'; exit 0; }
  push_edit "$branch" "members: $email $what${ticket:+ ($ticket)}" <"$work/changed.txt"
  pull=$(open_pull_of "$branch")
  if [[ -z $pull ]]; then
    pull=$(make_pull "$branch" "Off-board $email" \
      "An off-boarding event says that \`$email\` $what${ticket:+, ticket \`$ticket\`}. The plan of this pull request shows what a merge does." "$LABEL")
  fi
  echo "pull request #$pull"
fi
output pull-request "$pull"
if [[ $standing == unknown ]]; then
  report_unknown "$pull"
  fail "the address is neither declared nor departed; pull request #$pull adds the tombstone all the same"
fi
