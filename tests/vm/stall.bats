#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # set in helper.bash, and by bats
# No time is spent waiting between /init's exec and listening, above all not the five seconds of a host name
# that libc asks an absent name server for.
#
# Under --icount an instruction takes the guest a nanosecond, and a guest with nothing to do is moved on to
# its next timer. So between two marks lies the work done plus the time waited, whatever else the host is
# doing: no waiting is hidden by a slow host, and none is made up by it. The limits are the work that was
# measured, and half as much again.

load helper

# between MARK MARK   prints how far the second is from the first, in instructions or nanoseconds.
between() {
  local insns
  insns=$(value timeline_insns)
  printf '%s\n' "$(($(value "$2" "$insns") - $(value "$1" "$insns")))"
}

# work   prints how far listening is from exec.
work() { between exec listening; }

@test "from exec to listening there is nothing but work: the interpreter" {
  run --separate-stderr -0 "$microbeam" probe --json --icount
  printf 'init to exec: %s, exec to listening: %s\n' "$(between init exec)" "$(work)" >&3
  (($(work) < $(budget exec_to_listening_emu)))
  # The clocks that the kernel is told it does not measure.
  (($(value init "$(value timeline_insns)") < $(budget reset_to_init)))
  # What /init and the kernel do for it: mounts, console, network, users, the release.
  (($(between init exec) < $(budget init_to_exec)))
}

@test "from exec to listening there is nothing but work: the JIT" {
  run --separate-stderr -0 "$microbeam" probe --json --icount --vm jit
  printf 'exec to listening: %s\n' "$(work)" >&3
  (($(work) < $(budget exec_to_listening_jit)))
}

# What /init prevents: the name is in no hosts file (what it writes goes to /dev/null), and the BEAM asks libc,
# which it does when it has long names.
stalling() { awk '$2 == "/etc/hosts" { print "slink /etc/hosts /dev/null 0777 0 0"; next } { print }'; }

@test "a stall would be seen: a name that does not resolve costs five seconds more than the limit allows" {
  make_root stalling
  run --separate-stderr -0 boot --icount '--append=beam.dist=long beam.node=hello@10.0.2.15 beam.env.RELEASE_COOKIE=stall'
  printf 'exec to listening: %s\n' "$(work)" >&3
  (($(work) > 5000000000 && $(work) > 2 * $(budget exec_to_listening_emu)))
}
