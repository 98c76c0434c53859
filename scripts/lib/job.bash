# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Work that takes long, in a process group of its own: a signal that ends this script ends all of it.
#
# bash puts a trap off until the command in the foreground has ended, and dies of a signal without a
# trap alone: what it had started goes on. So such work runs beside the script, which waits for it.

job_group=

# job COMMAND...   runs a command or a function, waits for it, returns its status.
# A function that relies on errexit has to be called plainly: under `if`, `||` or `!` bash switches
# errexit off in all of it.
job() {
  local status=0
  [[ -n $(trap -p TERM) ]] || job_traps
  set -m
  (
    # What this subshell starts stays in its group, and a signal ends it as it would end any program.
    set +m
    trap - HUP INT TERM
    job_group=
    set -e
    "$@"
  ) &
  job_group=$!
  set +m
  wait "$job_group" || status=$?
  job_group=
  return "$status"
}

job_traps() {
  trap 'job_end 129' HUP
  trap 'job_end 130' INT
  trap 'job_end 143' TERM
}

# job_end STATUS   ends all that was started, then this shell with STATUS.
job_end() {
  local other
  trap '' HUP INT TERM
  for other in $(jobs -p); do
    [[ $other == "$job_group" ]] || kill "$other" 2>/dev/null || true
  done
  if [[ -n $job_group ]]; then
    kill -TERM -- "-$job_group" 2>/dev/null || true
    # A machine takes up to two seconds to end, a compiler none.
    for _ in {1..50}; do
      kill -0 -- "-$job_group" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL -- "-$job_group" 2>/dev/null || true
  fi
  exit "$1"
}
