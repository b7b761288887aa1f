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
