#!/usr/bin/env bash
# Makes `.rosterctl/` ready to be kept: sealed, where strangers can read artifacts, for its journals name people.
set -euo pipefail
# shellcheck source=.github/actions/common.sh
source "$ACTION_PATH/../common.sh"
: "${FOLDER?}" "${MEMBERS?}" "${REDACT_EMAILS?}"

FOLDER=$FOLDER/$(dirname "$MEMBERS")
if [[ -z ${SEAL_KEY:-} ]]; then
  [[ $REDACT_EMAILS != true ]] || fail 'addresses are to be left out, and .rosterctl names people: set the secret MEMBERSHIP_SEAL_KEY in this environment'
  output path "$FOLDER/.rosterctl/"
  exit 0
fi
kept=$(mktemp -d)
if [[ -d $FOLDER/.rosterctl ]]; then
  tar -C "$FOLDER/.rosterctl" -cf "$kept/plain" .
  seal "$kept/plain" "$kept/state.sealed"
  rm "$kept/plain"
fi
output path "$kept/"
