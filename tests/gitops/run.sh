#!/usr/bin/env bash
# Runs the membership workflows with act: `bash tests/gitops/run.sh PATH_OF_ROSTERCTL [WORD...]`, offline but for the
# first time, when it installs the pinned tools into target/lint.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

bash .github/lint/lint.sh --tools
venv=${ROSTERCTL_LINT_VENV:-target/lint}
rosterctl=$1
shift
exec "$venv/bin/python" tests/gitops/run.py --act "$venv/bin/act" --rosterctl "$rosterctl" "$@"
