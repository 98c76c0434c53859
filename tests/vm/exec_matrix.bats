#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154,SC2030,SC2031 # set in matrix.bash, and by bats; read there
# exec mode: every kind of release, ended in every way. The BEAM is process 1: what it leaves by exit(3)
# ends the machine in order; a signal that kills it is a panic, at once, with what was said above it.

load helper
load matrix

setup_file() { matrix_setup "${matrix_kinds[@]}"; }

# all_ends KIND
all_ends() {
  matrix_ends "$1" exec stop 0 'beam-init: the end: poweroff 0'
  matrix_ends "$1" exec exit0 0 'beam-init: the end: poweroff 0'
  matrix_ends "$1" exec exit3 5 'beam-init: the end: reboot 3'
  matrix_ends "$1" exec abort 5 'Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000[6b]'
  matrix_ends "$1" exec segv 5 'Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b'
  matrix_ends "$1" exec host 0 'beam-init: the end: poweroff 0'
  # The kernel may not kill process 1: it panics, unless another died first that the BEAM cannot do without.
  matrix_ends "$1" exec oom 5 '(Cannot allocate|[Oo]ut of memory)' '(Kernel panic|beam-init: the end: reboot 1)'
}

@test "a release of Mix" { all_ends mix; }
@test "a release of relx" { all_ends relx; }
@test "a release of systools" { all_ends systools; }
@test "no release, an ERTS with arguments" { all_ends none; }

# Of its own: what the kernel does for it is in the budget of stall.bats.
@test "what /init executes up to the BEAM is within its budget" {
  around=$BATS_FILE_TMPDIR/matrix/steps matrix_namespaces mix exec stop ip=10.9.0.1::::hello:lo:off
  [[ $console =~ steps:\ ([0-9]+) ]] || matrix_fails 'nothing was counted'
  printf '%s instructions\n' "${BASH_REMATCH[1]}" >&3
  ((BASH_REMATCH[1] > 50000 && BASH_REMATCH[1] <= $(budget init_own_instructions)))
}

@test "10,000 orphans of port programs leave no zombie" {
  matrix_namespaces none exec orphans
  matrix_says 'matrix: zombies 0'
  matrix_says 'beam-init: the end: poweroff 0'
}
