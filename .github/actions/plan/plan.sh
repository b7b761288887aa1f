#!/usr/bin/env bash
# Runs `rosterctl plan` or `rosterctl drift` once and leaves a Markdown file whatever happens, so that a plan that
# failed replaces the comment of the one before.
#
# The step itself is green: the job decides by `exit-code`, after it has commented.
set -euo pipefail
# shellcheck source=.github/actions/common.sh
source "$ACTION_PATH/../common.sh"
: "${COMMAND?}" "${ROOT?}" "${MEMBERS?}" "${BASE?}" "${COMMIT?}" "${ACCEPT?}" "${REDACT_EMAILS?}" "${CONTEXT?}" "${FOLDER?}"

readonly TAIL_LINES=40 TAIL_BYTES=6000

want 'plan|drift' "$COMMAND" 'the command'
want 'true|false' "$REDACT_EMAILS" 'redact-emails'
want '([0-9a-f]{20}([0-9a-f]{44})?:[a-z-]+(,[a-z-]+)*)?' "$ACCEPT" 'what is accepted'
want '([0-9a-f]{40})?' "$COMMIT" 'the commit of the members file'
# The run of a pull request is one of the main branch, whose file has other lines.
export GITHUB_SHA=${COMMIT:-${GITHUB_SHA:-}}
mkdir -p "$FOLDER"
FOLDER=$(cd "$FOLDER" && pwd)
cd "$ROOT"
json=$FOLDER/$COMMAND.json
markdown=$FOLDER/$COMMAND.md
story=$FOLDER/story.txt
rm -f "$json" "$json.sealed" "$markdown"

options=()
if [[ $COMMAND == plan ]]; then
  options+=(--detailed-exitcode)
fi
if [[ -n $BASE ]]; then
  options+=(--base "$BASE")
fi
if [[ -n $ACCEPT ]]; then
  options+=(--accept "$ACCEPT")
fi
# A redacted plan bounds no apply, so the plan is made twice: whole, to be sealed, and redacted, to be shown.
sealed=false
if [[ $REDACT_EMAILS == true && $COMMAND == plan ]]; then
  sealed=true
  [[ -n ${SEAL_KEY:-} ]] ||
    fail 'addresses are to be left out, so the plan that binds the apply is kept sealed: set the secret MEMBERSHIP_SEAL_KEY in this environment'
fi

code=0
if [[ -z ${OPENAI_ADMIN_KEY:-} ]]; then
  # An environment without the secret gives an empty variable, which the message of a missing one would not explain.
  echo 'error: the secret with the admin key is not set in this environment' | tee "$story"
  code=1
else
  private=$(mktemp -d)
  if [[ $sealed == true ]]; then
    rosterctl plan "$MEMBERS" "${options[@]}" --out "$private/plan.json" >/dev/null 2>&1 || true
  fi
  if [[ $REDACT_EMAILS == true ]]; then
    options+=(--redact-emails)
  fi
  rosterctl "$COMMAND" "$MEMBERS" "${options[@]}" --out "$json" --markdown-out "$markdown" 2>"$story" || code=$?
  cat "$story" >&2
  if [[ $sealed == true && ($code == 0 || $code == 2) ]]; then
    if [[ $(jq -r .plan_id "$private/plan.json") == "$(jq -r .plan_id "$json")" ]]; then
      seal "$private/plan.json" "$json.sealed"
    else
      echo 'error: the organization has changed while it was being planned; run this again' | tee "$story"
      rm -f "$json" "$markdown"
      code=1
    fi
  fi
fi

# count CHANGE: how many actions of the plan are of a kind.
count() {
  if [[ -s $json ]]; then
    jq -r --arg change "$1" '[(.plan // .).actions[] | select(.change == $change)] | length' "$json"
  else
    echo 0
  fi
}

# field NAME: a text of the plan; nothing without one.
field() {
  if [[ -s $json ]]; then jq -r --arg name "$1" '(.plan // .)[$name] // ""' "$json"; fi
}

if [[ ! -s $markdown ]]; then
  {
    if [[ $code == 3 ]]; then
      printf '### Membership %s refused\n\n' "$COMMAND"
      printf 'No plan can be made: see below, and the way on.\n'
    else
      printf '### Membership %s failed\n\n' "$COMMAND"
      # shellcheck disable=SC2016 # The backticks are Markdown.
      printf 'There is no result, and an older one does not hold any more: `rosterctl %s` ended with exit %s.\n' \
        "$COMMAND" "$code"
    fi
    # Four tildes, and no line of its own that could end them.
    printf '\n~~~~text\n'
    if [[ $REDACT_EMAILS == true ]]; then
      printf 'The messages may name people; they are in the log of the run.\n'
    else
      tail -n "$TAIL_LINES" "$story" | tail -c "$TAIL_BYTES" | sed 's/~~~/~ ~ ~/g'
    fi
    printf '~~~~\n'
  } >"$markdown"
fi
cat "$markdown" >>"$GITHUB_STEP_SUMMARY"
if [[ -n $CONTEXT ]]; then
  printf '\n<sub>%s</sub>\n' "$(tr -d '<>\r\n' <<<"$CONTEXT")" >>"$markdown"
fi

has_changes=false
if [[ $code == 2 ]]; then
  has_changes=true
fi
output exit-code "$code"
output has-changes "$has_changes"
output plan-id "$(field plan_id)"
output drift-id "$(field drift_id)"
output organization "$(rosterctl members list --format json --file "$MEMBERS" 2>/dev/null | jq -r .organization || true)"
for change in remove invite set-role cancel-invite; do
  output "$change" "$(count "$change")"
done
if [[ -s $json ]]; then
  output withheld "$(jq -r '(.plan // .).withheld | length' "$json")"
else
  output withheld 0
fi
output json "$json"
output markdown "$markdown"
