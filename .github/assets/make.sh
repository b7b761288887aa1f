#!/usr/bin/env bash
# Makes the pictures of the README anew: `bash .github/assets/make.sh PATH_OF_ROSTERCTL`, with Chromium and Python.
#
# plan-comment.md is what rosterctl itself wrote about a made-up organization, with the lines that the workflow puts
# around it; plan-comment.png is that Markdown as a browser shows it. Times and the plan's age change with every run.
set -euo pipefail
rosterctl=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
assets=$PWD/.github/assets
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
venv=$PWD/target/assets
if [[ ! -x $venv/bin/python ]]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check markdown-it-py==4.3.0
fi

work=$(mktemp -d)
simulator=
trap 'kill $simulator 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
"$rosterctl" simulate --members 12 --seed 7 >ready.json &
simulator=$!
until [[ -s ready.json ]]; do sleep 0.1; done
field() { python3 -c 'import json, sys; print(json.load(open("ready.json"))[sys.argv[1]])' "$1"; }
OPENAI_ADMIN_KEY=$(field admin_key)
OPENAI_BASE_URL=$(field base_url)
OPENAI_ORG_ID=$(field organization)
export OPENAI_ADMIN_KEY OPENAI_BASE_URL OPENAI_ORG_ID NO_COLOR=1

# The file on main declares whoever is in, and closes the world.
"$rosterctl" export --domain acme.dev 2>/dev/null
sed -e 's/^# "/"/' -e 's/= "report"  .*/= "remove"/' -e 's/^invites .*/invites = "cancel"/' -e 's/_max = 0.10/_max = 0.25/' \
  members.toml >base.toml
cp base.toml members.toml

# The pull request: one person has left, one comes, and somebody is to become an owner whom nobody has named.
"$rosterctl" members remove xenia.abel@acme.dev --departed --ticket HR-31 >/dev/null
"$rosterctl" members add noor.okafor@acme.dev --ticket OPS-148 >/dev/null
"$rosterctl" members set kofi.dietrich@acme.dev --role owner >/dev/null

"$rosterctl" plan --base base.toml --impact --markdown-out plan.md >/dev/null
{
  echo '<!-- rosterctl:plan -->'
  cat plan.md
  printf '\n<sub>merge 7c8eff8 = main 1cfc266 + head f5b11da</sub>\n'
} >"$assets/plan-comment.md"

"$venv/bin/python" "$assets/render.py" "$assets/plan-comment.md" >page.html
"$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
  --disable-component-update --disable-sync --user-data-dir="$work/browser" --hide-scrollbars \
  --force-device-scale-factor=1.5 --window-size=900,1075 \
  --screenshot="$assets/plan-comment.png" "file://$work/page.html" 2>/dev/null
ls -l "$assets"
