#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # set in helper.bash, and by bats
# The BEAM as PID 1 of real machines: each way to end it ends the machine in order, and QEMU's status
# tells success from failure (5: the restart that nobody has prepared). The release is `demo`
# (rootfs/test/make_release.escript), made by systools, which evaluates what DEMO says.

load helper

# escript ROOT SCRIPT ARGS...   runs an escript of rootfs/, which sees ROOT.
escript() {
  # shellcheck source=../../scripts/lib/component.bash
  source "$BATS_TEST_DIRNAME/../../scripts/lib/component.bash"
  # shellcheck source=../../rootfs/assemble.bash
  source "$BATS_TEST_DIRNAME/../../rootfs/assemble.bash"
  local name
  local -A from=([release]=none)
  for name in toolchain otp pid1; do
    from[$name]=$(component_path "$name")
  done
  image_escript "$@"
}

setup_file() {
  export demo=$BATS_FILE_TMPDIR/demo
  mkdir "$demo"
  escript "$demo" test/make_release.escript systools "$demo"
  "$microbeam" build --release "$demo"
}

# ends STATUS PROGRAM TEXT...   a machine in which demo evaluates PROGRAM (without double quotes) ends by
# itself, QEMU with that status; each TEXT is on its console, and no panic.
ends() {
  local status_wanted=$1 program=$2 text
  shift 2
  run --separate-stderr "$microbeam" probe --json --accel tcg --release "$demo" --append "beam.env.DEMO=\"$program\""
  says "QEMU ended with status $status_wanted before the answer"
  console=$(<"$MICROBEAM_BUILD/logs/console-demo.log")
  for text in "$@"; do
    [[ $console == *"$text"* ]] || { echo "$console"; return 1; }
  done
  [[ $console != *'Kernel panic'* ]] || { echo "$console"; return 1; }
}

@test "init:stop: applications stop, then the machine" {
  ends 0 'init:stop()' 'demo: stopped' 'beam-init: the end: poweroff 0'
}

@test "init:stop with a status" {
  ends 5 'init:stop(3)' 'demo: stopped' 'beam-init: the end: reboot 3'
}

@test "halt, flushing and not" {
  ends 0 'halt()' 'beam-init: the end: poweroff 0'
  ends 5 'halt(7,[{flush,false}])' 'beam-init: the end: reboot 7'
}

@test "pid1:poweroff and pid1:reboot" {
  ends 0 'pid1:poweroff()' 'demo: stopped' 'beam-init: the end: poweroff 0'
  ends 0 'pid1:reboot()' 'demo: stopped' 'beam-init: the end: reboot 0'
}

@test "a slogan, a kernel process that dies: status 1" {
  ends 5 'halt(atom_to_list(bye))' 'bye' 'beam-init: the end: reboot 1'
  ends 5 'exit(whereis(application_controller),kill)' 'Kernel pid terminated' 'beam-init: the end: reboot 1'
}

@test "a boot that fails" {
  ends 5 'exit(no_reason)' 'beam-init: the end: reboot 1'
}

@test "programs that were started are stopped first" {
  ends 0 "open_port({spawn_executable,os:getenv(atom_to_list('BINDIR'))++atom_to_list('/inet_gethost')},[]),halt()" \
    'beam-init: the end: poweroff 0'
}

@test "the timeline is in order" {
  ends 0 '[kernel,init,exec,beam|_]=[N||{N,_}<-pid1:timeline()],#{os_pid:=1,mode:=exec}=pid1:info(),init:stop()' \
    'pid1: mark=beam' 'beam-init: the end: poweroff 0'
}

# The emulator goes on, and so does its environment: the second time it ends.
@test "init:restart loads pid1 again, and the end is the same" {
  ends 0 "case os:getenv(atom_to_list('AGAIN')) of false -> os:putenv(atom_to_list('AGAIN'),[]),init:restart(); _ -> init:stop() end" \
    'beam-init: the end: poweroff 0'
}

# The table ALWAYS of rootfs/stage_release.escript, but for elixir.
@test "what every boot loads is loaded first, and nothing besides" {
  local root=$MICROBEAM_BUILD/images/demo/root boot first loaded name
  run --separate-stderr "$microbeam" probe --json --accel tcg --release "$demo" \
    --append 'beam.env.DEMO="init:stop()" beam.env.PID1_MODULES=1'
  says 'QEMU ended with status 0 before the answer'
  boot=$(escript "$root" test/show_boot.escript "$(echo "$root"/app/releases/*/start.boot)")
  first=$(grep -o '{primLoad,[^]]*' <<<"${boot%%'{kernel_load_completed}'*}" | sed 's/.*\[//' | tr , '\n' | sort)
  loaded=$(sed -n 's/^pid1: modules=//p' "$MICROBEAM_BUILD/logs/console-demo.log" | tail -n 1 | tr -d '\r' | tr , '\n' | sort)
  [[ $(wc -l <<<"$first") -gt 60 ]]
  # What is loaded only now and then has no place there. The OTP as it was built loads as it always did.
  run comm -23 - <(escript "$root" test/look_inside.escript loaded | sort) <<<"$first"
  [[ $output == pid1 ]] || { echo "first, and not always loaded: $output"; return 1; }
  # The rest looks for ~/.erlang, and evaluates the program.
  for name in $(comm -13 - <(printf '%s\n' "$loaded") <<<"$first"); do
    [[ -e $(echo "$root"/usr/lib/erlang/lib/*/ebin/"$name.beam") ]] || continue
    [[ $name == @(demo|c|raw_file_io|erl_*|io_lib|orddict|ordsets|otp_internal|sets) ]] || { echo "not first: $name"; return 1; }
  done
}
