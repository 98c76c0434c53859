#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# supervise mode: every kind of release, ended in every way. beam-init is process 1: whatever becomes of the
# BEAM, the machine ends in order, with a line of evidence.

load helper
load matrix

setup_file() { matrix_setup "${matrix_kinds[@]}"; }

# all_ends KIND
all_ends() {
  matrix_ends "$1" supervise stop 0 'beam-init: the BEAM ended with status 0 ' 'beam-init: the end: poweroff 0'
  matrix_ends "$1" supervise exit0 0 'beam-init: the BEAM ended with status 0 ' 'beam-init: the end: poweroff 0'
  matrix_ends "$1" supervise exit3 5 'beam-init: the BEAM ended with status 3 ' 'beam-init: the end: reboot 3'
  matrix_ends "$1" supervise abort 5 'beam-init: the BEAM was killed by signal 6 ' 'beam-init: the end: reboot 134'
  matrix_ends "$1" supervise segv 5 'beam-init: the BEAM was killed by signal 11 ' 'beam-init: the end: reboot 139'
  matrix_ends "$1" supervise host 0 'beam-init: the BEAM ended with status 0 ' 'beam-init: the end: poweroff 0'
  matrix_ends "$1" supervise oom 5 'beam-init: the BEAM (was killed by signal [69]|ended with status 1) ' \
    'beam-init: the end: reboot (1|134|137)'
}

@test "a release of Mix" { all_ends mix; }
@test "a release of relx" { all_ends relx; }
@test "a release of systools" { all_ends systools; }
@test "no release, an ERTS with arguments" { all_ends none; }

@test "10,000 orphans of port programs leave no zombie" {
  matrix_namespaces none supervise orphans
  matrix_says 'matrix: zombies 0'
  matrix_says 'beam-init: the end: poweroff 0'
}

@test "restart: the BEAM comes again, after a while that grows, until the host asks for the end" {
  ask_when='started again in 2000 ms' matrix_boot none supervise exit3 beam.on_crash=restart
  matrix_says 'the BEAM is started again in 1000 ms'
  matrix_says 'beam-init: the end: poweroff 0'
  [[ $status -eq 0 ]] || matrix_fails "status $status"
}
