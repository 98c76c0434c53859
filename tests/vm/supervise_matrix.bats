#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154,SC2030,SC2031 # set in matrix.bash, and by bats; read there
# supervise mode: every kind of release, ended in every way. beam-init is process 1: whatever becomes of the
# BEAM, the machine ends in order, with a line of evidence.

load helper
load matrix

setup_file() { matrix_setup "${matrix_kinds[@]}"; }

@test "no release, an ERTS with arguments: in a machine, which ends so" {
  matrix_ends none supervise stop 0 'beam-init: the BEAM ended with status 0 ' 'beam-init: the end: poweroff 0'
  matrix_ends none supervise exit0 0 'beam-init: the BEAM ended with status 0 ' 'beam-init: the end: poweroff 0'
  matrix_ends none supervise exit3 5 'beam-init: the BEAM ended with status 3 ' 'beam-init: the end: reboot 3'
  matrix_ends none supervise abort 5 'beam-init: the BEAM was killed by signal 6 ' 'beam-init: the end: reboot 134'
  matrix_ends none supervise segv 5 'beam-init: the BEAM was killed by signal 11 ' 'beam-init: the end: reboot 139'
  matrix_ends none supervise host 0 'beam-init: the BEAM ended with status 0 ' 'beam-init: the end: poweroff 0'
  matrix_ends none supervise oom 5 'beam-init: the BEAM was killed by signal 9 .*memory' 'beam-init: the end: reboot 137'
}

# ends KIND WAY STATUS LAST...   as process 1 of namespaces, whose kernel is the same for every kind of release.
ends() {
  local kind=$1 way=$2 wanted=$3 line ask_when='' parameters=()
  shift 3
  [[ $way != host ]] || ask_when='matrix: host'
  # Of the address space instead of the machine's memory, which is everybody's here.
  [[ $way != oom ]] || parameters=(beam.limit.as=1300000000:1300000000)
  matrix_namespaces "$kind" supervise "$way" "${parameters[@]}"
  matrix_says "matrix: $way"
  for line in "$@"; do
    matrix_says "$line"
  done
  [[ $status -eq $wanted && $console != *': processes: '* ]] || matrix_fails "status $status"
}

# all_ends KIND
all_ends() {
  ends "$1" stop 130 'beam-init: the BEAM ended with status 0 ' 'beam-init: the end: poweroff 0'
  ends "$1" exit0 130 'beam-init: the BEAM ended with status 0 ' 'beam-init: the end: poweroff 0'
  ends "$1" exit3 129 'beam-init: the BEAM ended with status 3 ' 'beam-init: the end: reboot 3'
  ends "$1" abort 129 'beam-init: the BEAM was killed by signal 6 ' 'beam-init: the end: reboot 134'
  ends "$1" segv 129 'beam-init: the BEAM was killed by signal 11 ' 'beam-init: the end: reboot 139'
  ends "$1" host 130 'beam-init: the BEAM ended with status 0 ' 'beam-init: the end: poweroff 0'
  ends "$1" oom 129 'beam-init: the BEAM (was killed by signal 6|ended with status 1) ' 'beam-init: the end: reboot (1|134)'
}

@test "a release of Mix" { all_ends mix; }
@test "a release of relx" { all_ends relx; }
@test "a release of systools" { all_ends systools; }

@test "10,000 orphans of port programs leave no zombie" {
  matrix_namespaces none supervise orphans
  matrix_says 'matrix: zombies 0'
  matrix_says 'beam-init: the end: poweroff 0'
}

@test "restart: the BEAM comes again, after a while that grows, until the host asks for the end" {
  # In the pause before the third life, which would end at about that time by itself.
  ask_after=0 ask_when='started again in 2000 ms' matrix_boot none supervise exit3 beam.on_crash=restart
  matrix_says 'the BEAM is started again in 1000 ms'
  matrix_says 'beam-init: the end: poweroff 0'
  [[ $status -eq 0 ]] || matrix_fails "status $status"
}
