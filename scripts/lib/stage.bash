# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Messages and stages: one line of progress for each long step, its whole output in build/logs/.
#
# Sourced by everything else in scripts/lib. Messages go to stderr: stdout belongs to results.

# shellcheck source=job.bash
source "${BASH_SOURCE[0]%/*}/job.bash"

# Without it a function that fails inside $(...) goes on regardless.
shopt -s inherit_errexit

MICROBEAM_ROOT=${MICROBEAM_ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
# Absolute: a sandbox has no use for a path that is relative to here.
MICROBEAM_BUILD=$(realpath -ms -- "${MICROBEAM_BUILD:-$MICROBEAM_ROOT/build}")
MICROBEAM_CACHE=$(realpath -ms -- "${MICROBEAM_CACHE:-$HOME/.cache/microbeam}")

# say TEXT...   one line of news.
say() { printf '%s\n' "$*" >&2; }

# warn TEXT...  something is not as it should be, and work goes on.
warn() { printf 'warning: %s\n' "$*" >&2; }

# die TEXT...   what failed, on what, why, and what to do; ends the (sub)shell with status 1.
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# stage NAME FUNCTION ARGS...
# Runs FUNCTION as a job with its output in build/logs/NAME.log and shows elapsed time: a line that
# counts on a terminal; otherwise a line at the start, every 30 s, and at the end. On failure
# prints the end of the log, the log's path and what to do, returns the status.
# Call it as a plain command: under `if`, `||` or `!` bash switches errexit off in all of FUNCTION.
stage() {
  local name=$1 log=$MICROBEAM_BUILD/logs/$1.log start=$SECONDS status ticker
  shift
  mkdir -p "$MICROBEAM_BUILD/logs"
  # Not by the ticker, which a short stage may end before it has written a word.
  stage_line "$name: started, log: $log" $'\n'
  stage_ticker "$name" &
  ticker=$!
  set +e
  job "$@" >"$log" 2>&1 </dev/null
  status=$?
  kill "$ticker" 2>/dev/null
  wait "$ticker" 2>/dev/null
  set -e
  if [[ $status -eq 0 ]]; then
    stage_line "$name: done in $((SECONDS - start)) s" $'\n'
    return 0
  fi
  stage_line "$name: FAILED after $((SECONDS - start)) s, status $status" $'\n'
  tail -n 20 "$log" | sed 's/^/  | /' >&2
  say "The whole log: $log"
  say "Mend what it names and run the same command again: finished stages are kept."
  return "$status"
}

# stage_ticker NAME   shows elapsed time until it is killed or the script is gone.
stage_ticker() {
  local name=$1 start=$SECONDS interval=30 never
  [[ -t 2 ]] && interval=1
  # Not sleep(1): killed, this shell would leave it behind, holding a reader of our stderr for 30 s.
  exec {never}<> <(:)
  until read -r -t "$interval" -u "$never" || ! kill -0 $$ 2>/dev/null; do
    stage_line "$name: $((SECONDS - start)) s"
  done
}

# stage_line TEXT [END]   one line; on a terminal it replaces the one before unless END is given.
stage_line() {
  if [[ -t 2 ]]; then
    printf '\r\033[K%s%s' "$1" "${2:-}" >&2
  else
    printf '%s\n' "$1" >&2
  fi
}
