#!/usr/bin/env bash
# Lints every workflow, action and script of the repository and of the examples, offline: `bash .github/lint/lint.sh`.
#
# All tools are wheels of one index, pinned by hash in requirements.txt, so that a laptop and CI find the same.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

venv=${ROSTERCTL_LINT_VENV:-target/lint}
if [[ ! -x $venv/bin/zizmor ]] || ! cmp -s .github/lint/requirements.txt "$venv/requirements.txt"; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r .github/lint/requirements.txt
  cp .github/lint/requirements.txt "$venv/requirements.txt"
fi
if [[ ${1:-} == --tools ]]; then
  exit 0
fi
PATH=$(cd "$venv/bin" && pwd):$PATH
export PATH

shopt -s nullglob
scripts=(.ci/run .github/assets/*.sh tests/gitops/*.sh .github/lint/*.sh .github/release/*.sh .github/actions/*.sh .github/actions/*/*.sh examples/*/*.sh)
actions=(.github/actions/*/action.yml)
workflows=(.github/workflows/*.yml examples/*/.github/workflows/*.yml)

# tell NAME COUNT COMMAND...: runs a linter and says in one line what it saw.
tell() {
  local name=$1 count=$2
  shift 2
  "$@"
  printf 'lint: %s: %d files, nothing found\n' "$name" "$count"
}

tell shellcheck "${#scripts[@]}" shellcheck -x "${scripts[@]}"
tell 'zizmor pedantic' "$((${#workflows[@]} + ${#actions[@]}))" \
  zizmor --quiet --offline --no-progress --strict-collection --persona=pedantic "${workflows[@]}" "${actions[@]}"
tell jactionlint "${#workflows[@]}" jactionlint "${workflows[@]}"
tell 'schema of workflows' "${#workflows[@]}" check-jsonschema -q --builtin-schema vendor.github-workflows "${workflows[@]}"
tell 'schema of actions' "${#actions[@]}" check-jsonschema -q --builtin-schema vendor.github-actions "${actions[@]}"
forms=(.github/ISSUE_TEMPLATE/{bug,idea}.yml)
tell 'schema of issue forms' "${#forms[@]}" check-jsonschema -q --builtin-schema vendor.github-issue-forms "${forms[@]}"
tell 'schema of the issue chooser' 1 \
  check-jsonschema -q --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
if [[ -f .github/dependabot.yml ]]; then
  tell 'schema of Dependabot' 1 check-jsonschema -q --builtin-schema vendor.dependabot .github/dependabot.yml
fi
if [[ -f examples/gitlab/.gitlab-ci.yml ]]; then
  tell 'schema of GitLab' 1 check-jsonschema -q --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci examples/gitlab/.gitlab-ci.yml
fi
if [[ -f examples/offboarding/payload.schema.json ]]; then
  payloads=(examples/offboarding/payloads/good-*.json)
  refused=(examples/offboarding/payloads/bad-*.json)
  check-jsonschema -q --check-metaschema examples/offboarding/payload.schema.json
  tell 'schema of off-boarding events' "${#payloads[@]}" check-jsonschema -q --schemafile examples/offboarding/payload.schema.json "${payloads[@]}"
  # One by one: a schema that lets one of them through would pass for the others.
  for payload in "${refused[@]}"; do
    if check-jsonschema -q --schemafile examples/offboarding/payload.schema.json "$payload"; then
      echo "error: the schema of off-boarding events lets $payload through" >&2
      exit 1
    fi
  done
  printf 'lint: schema of off-boarding events: %d bad files, all refused\n' "${#refused[@]}"
fi
