#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # set in helper.bash, and by bats
# Stages: what a person sees of them, and that nothing of them is left when they are stopped.

load helper

setup() { own_folders; }

# script LINE...   writes a program that has loaded the stages.
script() {
  printf '%s\n' '#!/bin/bash' 'set -euo pipefail' \
    "source '$repository/scripts/lib/job.bash'" "source '$repository/scripts/lib/stage.bash'" "$@" \
    >"$BATS_TEST_TMPDIR/script"
  chmod 755 "$BATS_TEST_TMPDIR/script"
}

@test "a stage that works: its name, the time, the log; nothing on stdout" {
  script 'work() { echo out; echo err >&2; }' 'stage spade work'
  run --separate-stderr -0 "$BATS_TEST_TMPDIR/script"
  [[ -z $output ]]
  says 'spade: started' "$MICROBEAM_BUILD/logs/spade.log" 'spade: done in '
  [[ $(<"$MICROBEAM_BUILD/logs/spade.log") == $'out\nerr' ]]
}

@test "a stage that fails: the end of the log, where it is, the status" {
  script 'work() { seq 100; false; echo never; }' 'stage spade work' 'echo not reached'
  run --separate-stderr -1 "$BATS_TEST_TMPDIR/script"
  [[ -z $output ]]
  says 'spade: FAILED' '| 81' '| 100' "$MICROBEAM_BUILD/logs/spade.log" 'run the same command again'
  [[ $stderr != *'| 80'* && $stderr != *never* ]]
}

@test "the status of a failed stage is that of its function" {
  script 'work() { exit 7; }' 'stage spade work'
  run -7 "$BATS_TEST_TMPDIR/script"
}

# stopped SIGNAL STATUS   a stage that would take minutes ends with the script, at once and whole.
stopped() {
  local note="echo \$BASHPID >>'$BATS_TEST_TMPDIR/pids'; exec sleep"
  script "work() { ($note 312) & ($note 313); }" 'stage spade work'
  # Not ignored, as it is in what a shell starts in the background.
  set -m
  "$BATS_TEST_TMPDIR/script" 3>&- 2>/dev/null &
  set +m
  local script=$! status=0 pid
  for _ in {1..100}; do
    [[ $(wc -l 2>/dev/null <"$BATS_TEST_TMPDIR/pids") != 2 ]] || break
    sleep 0.1
  done
  kill "-$1" "$script"
  SECONDS=0
  wait "$script" || status=$?
  ((SECONDS < 5))
  [[ $status -eq $2 ]]
  while read -r pid; do
    fails kill -0 "$pid" 2>/dev/null
  done <"$BATS_TEST_TMPDIR/pids"
  # The line that counts the seconds has ended too.
  fails kill -0 -- "-$script" 2>/dev/null
}

@test "SIGTERM ends a stage and all that it started" { stopped TERM 143; }

@test "a hang-up ends a stage and all that it started" { stopped HUP 129; }

@test "a job has errexit, and its status is returned" {
  script 'work() { false; echo not reached; }' 'set +e' 'job work' 'echo "status $?"'
  run -0 "$BATS_TEST_TMPDIR/script"
  [[ $output == 'status 1' ]]
}

@test "Ctrl-C ends a stage" { stopped INT 130; }
