# shellcheck shell=bash
# What the scripts of all actions share: they source it, and it only defines functions.
#
# Values from the API, from files and from events are data: they are quoted, matched against a pattern before they
# become part of a path, and never printed at the beginning of a line, where a runner would read `::` as a command.

# fail MESSAGE [CODE]: ends the step with an error annotation; CODE is 1 unless given.
fail() {
  printf '::error title=rosterctl::%s\n' "$(one_line "$1")"
  exit "${2:-1}"
}

# notice MESSAGE: an annotation that stops nothing.
notice() {
  printf '::notice title=rosterctl::%s\n' "$(one_line "$1")"
}

# one_line TEXT: the text as the data of a workflow command.
one_line() {
  local text=${1//'%'/'%25'}
  text=${text//$'\r'/'%0D'}
  printf '%s' "${text//$'\n'/'%0A'}"
}

# output NAME VALUE: an output of the step. Only lines are passed, never text: whatever is longer stays in a file.
output() {
  [[ $2 != *$'\n'* ]] || fail "the output $1 has more than one line"
  printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

# want PATTERN VALUE NAME: refuses a value that does not match the whole pattern.
want() {
  [[ $2 =~ ^($1)$ ]] || fail "$3 is not what it has to be"
}

# api PATH [OPTION...]: one answer of GitHub's API.
api() {
  gh api "$@"
}

# pages PATH: all pages of a list, as an array of pages.
pages() {
  gh api --paginate --slurp "$1"
}

# seal FROM TO: the file, readable only with the secret in SEAL_KEY, after its own digest: a wrong secret gives bytes as
# well. That nobody else has written it is proven by the run that the artifact is of.
seal() {
  { sha256sum <"$1"; cat "$1"; } | openssl enc -aes-256-cbc -pbkdf2 -iter 200000 -salt -pass env:SEAL_KEY -out "$2"
}

# unseal FROM TO: what was sealed.
unseal() {
  local plain
  [[ -n ${SEAL_KEY:-} ]] || fail 'what is kept is sealed, and the secret MEMBERSHIP_SEAL_KEY is not set in this environment'
  plain=$(mktemp)
  if openssl enc -d -aes-256-cbc -pbkdf2 -iter 200000 -pass env:SEAL_KEY -in "$1" -out "$plain" 2>/dev/null; then
    tail -n +2 "$plain" >"$2"
  fi
  if [[ ! -s $2 ]] || ! cmp -s <(head -n 1 "$plain") <(sha256sum <"$2"); then
    fail 'what is kept was sealed with another MEMBERSHIP_SEAL_KEY'
  fi
  rm "$plain"
}
