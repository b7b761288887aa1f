#!/usr/bin/env bash
# Turns an export of the HR or identity system into one pull request.
#
# The export is data of another system: `rosterctl members compare` decides what of it is believed, edits nobody whom the
# file does not declare, and refuses an export that is doubtful as a whole. What it cannot know is how old the export is,
# and an old one names people as leavers who were hired again: that is looked at here.
set -euo pipefail
# shellcheck source=.github/actions/common.sh
source "$ACTION_PATH/../common.sh"
# shellcheck source=.github/actions/pull-request.sh
source "$ACTION_PATH/../pull-request.sh"
: "${URL?}" "${MAX_AGE_DAYS?}" "${COLUMNS_MAP?}" "${LEFT_STATUS?}" "${MEMBERS?}" "${FOLDER?}" "${COMMIT?}" "${BRANCH?}" "${APP_TOKEN?}"

readonly EXPORT_BYTES_MAX=10485760 REPORT_LINES_MAX=300 REPORT_BYTES_MAX=30000 PULL_BRANCH=people/compare

want 'https://[A-Za-z0-9._~:/?#@!$&()*+,;=%-]+' "$URL" 'the address of the export'
want '0|[1-9][0-9]{0,2}' "$MAX_AGE_DAYS" 'max-age-days'
work=$(mktemp -d)
cp -R "$FOLDER" "$work/before"

# fetch: the export as a file. The token is in a file and not in the list of processes, and no redirect is followed,
# because it would take the token elsewhere.
fetch() {
  local made age
  : >"$work/headers-to-send"
  if [[ -n ${PEOPLE_TOKEN:-} ]]; then
    printf 'Authorization: Bearer %s\n' "$PEOPLE_TOKEN" >"$work/headers-to-send"
  fi
  curl --fail --silent --show-error --proto '=https' --max-time 120 --max-filesize "$EXPORT_BYTES_MAX" \
    --header "@$work/headers-to-send" --dump-header "$work/headers" --output "$work/people" "$URL" ||
    fail 'the export could not be fetched'
  [[ -s $work/people ]] || fail 'the export is empty'
  (($(wc -c <"$work/people") <= EXPORT_BYTES_MAX)) || fail "the export has more than $EXPORT_BYTES_MAX bytes"
  if ((MAX_AGE_DAYS > 0)); then
    made=$(tr -d '\r' <"$work/headers" | sed -n 's/^[Ll]ast-[Mm]odified: *//p' | tail -n 1)
    [[ -n $made ]] || fail 'nothing says how old the export is (no Last-Modified); max-age-days 0 is for a system that answers with the present'
    made=$(date -u -d "$made" +%s 2>/dev/null) || fail 'the age of the export is no date'
    age=$((($(date -u +%s) - made) / 86400))
    ((age <= MAX_AGE_DAYS)) || fail "the export is $age days old, and $MAX_AGE_DAYS is the limit: nothing is concluded from it"
  fi
}

# compare: edits the members file as the export says, and leaves the report.
compare() {
  local options=(--write --file "$FOLDER/$MEMBERS") part parts
  IFS=, read -ra parts <<<"$COLUMNS_MAP"
  for part in "${parts[@]}"; do options+=("--column=$part"); done
  IFS=, read -ra parts <<<"$LEFT_STATUS"
  for part in "${parts[@]}"; do options+=("--left-status=$part"); done
  rosterctl members compare "${options[@]}" -- "$work/people" >"$work/report.txt"
}

# body: what the pull request says. The report quotes the export, so it stands in a fence that it cannot end.
body() {
  printf 'The people system says that access ends. Nobody is added, and nothing is removed before this is merged and applied; the plan shows what a merge does.\n'
  printf '\n~~~~text\n'
  head -c "$REPORT_BYTES_MAX" "$work/report.txt" | awk -v max="$REPORT_LINES_MAX" 'NR <= max' | sed 's/~~~/~ ~ ~/g'
  printf '\n~~~~\n'
}

fetch
laid_out=false
if rosterctl fmt --check "$FOLDER/$MEMBERS" >/dev/null 2>&1; then
  laid_out=true
fi
compare || fail 'the export is not believed: see the message above'
if [[ $laid_out == true ]]; then
  rosterctl fmt "$FOLDER/$MEMBERS" >/dev/null
fi

changed_files "$work/before" >"$work/changed.txt"
pull=$(open_pull_of "$PULL_BRANCH")
if [[ ! -s $work/changed.txt ]]; then
  echo 'the file says so already: nothing to do'
  if [[ -n $pull ]]; then
    # What it asks for is done, or the people system has changed its mind: merged later, it would take access wrongly.
    send PATCH "repos/$GITHUB_REPOSITORY/pulls/$pull" '{"state":"closed"}' >/dev/null
    notice "pull request #$pull is closed: nothing is left of it"
  fi
  output pull-request ''
  exit 0
fi
push_edit "$PULL_BRANCH" 'members: what the people system says' <"$work/changed.txt"
text=$(body)
if [[ -n $pull ]]; then
  send PATCH "repos/$GITHUB_REPOSITORY/pulls/$pull" "$(jq -n --arg body "$text" '{body: $body}')" >/dev/null
else
  pull=$(make_pull "$PULL_BRANCH" 'Members who have left, says the people system' "$text" "$LABEL")
fi
echo "pull request #$pull"
output pull-request "$pull"
