#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # set in helper.bash, and by bats
# What can be typed: help, refusals, and that nothing is ignored.

load helper

setup() { own_folders; }

# Nothing may have been started or made by a command that was refused or asked for help.
teardown() { [[ ! -e $MICROBEAM_BUILD && ! -e $MICROBEAM_CACHE ]]; }

# refuses WORDS -- TEXT...   the command refuses WORDS with status 2, saying each TEXT on stderr.
refuses() {
  local words=()
  while [[ $1 != -- ]]; do
    words+=("$1")
    shift
  done
  shift
  run --separate-stderr -2 "$microbeam" "${words[@]}"
  [[ -z $output ]]
  says "$@" '--help'
}

@test "without a subcommand: the list of them, on stderr, status 2" {
  run --separate-stderr -2 "$microbeam"
  [[ -z $output ]]
  says run build probe stop test size doctor clean
}

@test "help, --help and -h list the subcommands" {
  for word in help --help -h; do
    run --separate-stderr -0 "$microbeam" "$word"
    [[ -z $stderr ]]
    says run build probe test size doctor clean MICROBEAM_CACHE
  done
}

@test "--version" {
  run -0 "$microbeam" --version
  [[ $output =~ ^microbeam\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "each subcommand has a help of its own, with the options that it takes" {
  for name in run build probe stop test bench report size doctor clean; do
    run --separate-stderr -0 "$microbeam" "$name" --help
    says "usage: scripts/microbeam $name" --help
    first=$output
    run -0 "$microbeam" help "$name"
    [[ $output == "$first" ]]
    run -0 "$microbeam" "$name" -h
    [[ $output == "$first" ]]
  done
  run -0 "$microbeam" probe --help
  says --release --vm --memory --cpus --append --accel --port --profile --prune --keep --root --locked --json --icount --disk --env-file
  run -0 "$microbeam" build --help
  [[ $output != *--memory* && $output != *--json* ]]
}

@test "an unknown subcommand or option is named, with the nearest" {
  refuses rnu -- 'no subcommand rnu' 'nearest is run' 'scripts/microbeam --help'
  refuses run --memroy 64 -- '--memroy' 'nearest is --memory' 'scripts/microbeam run --help'
  refuses run --aced=kvm -- '--aced;' 'nearest is --accel'
  refuses run -m 64 -- 'no option -m'
  refuses test untit -- 'untit' 'nearest is unit'
  refuses --json probe -- 'subcommand comes first'
  refuses help rnu -- 'nearest is run'
}

@test "a word that is none of the words of an option is refused, with those that are" {
  refuses run --root ext4 -- '--root ext4' 'initramfs' 'squashfs'
}

@test "options that do not go together are refused" {
  refuses run --profile fast --cpus 2 -- '--profile fast has a kernel for one processor' '--cpus 2'
  refuses build --keep compile -- '--keep has a meaning only' '--prune'
}

@test "an option without a meaning for the subcommand is refused, not ignored" {
  refuses build --memory 64 -- '--memory has no meaning for build' 'run probe'
  refuses run --json -- '--json has no meaning for run' probe
  refuses run --icount -- '--icount has no meaning for run'
  refuses clean --vm jit -- '--vm has no meaning for clean'
  refuses doctor --locked -- '--locked has no meaning for doctor'
  refuses clean everything -- 'takes options only' everything
  refuses probe --background -- '--background has no meaning for probe'
  refuses stop hello --disk x -- '--disk has no meaning for stop'
  refuses bench --append x -- '--append has no meaning for bench'
  refuses bench windows -- 'there is no image windows to measure' 'stock busybox-exec tini dumb-init debian hello-jit-fast hello hello-small hello-small-squashfs hello-fast hello-fast-profiled'
  refuses bench --icount hello-small-squashfs -- 'cannot count a machine that waits for a disk'
  refuses report --icount -- '--icount has no meaning for report'
  refuses report --pictures "$BATS_TEST_TMPDIR/none" -- '--pictures' 'no such directory'
  refuses bench --rounds 0 -- '--rounds 0' 'from 1 to'
  refuses run --env-file /dev/null --env-file /dev/null -- '--env-file is given twice'
  refuses run --vm emu --vm jit -- '--vm is given twice'
}

@test "a value that is missing or malformed is refused by name" {
  refuses run --memory -- '--memory needs a value'
  refuses run --memory --cpus 2 -- '--memory needs a value'
  refuses probe --append --json -- '--append needs a value'
  refuses run --memory abc -- '--memory abc' 'from 16 to'
  refuses run --memory= -- '--memory' 'not a whole number'
  refuses run --memory 8 -- '--memory 8'
  refuses run --memory 99999999999999999999 -- '--memory 9999'
  refuses run --memory 064 -- '--memory 064'
  refuses run --memory 64M -- '--memory 64M'
  refuses run --port 99999 -- '--port 99999' 'from 1 to 65535'
  refuses run --port 0 -- '--port 0'
  refuses run --cpus -1 -- '--cpus -1'
  refuses run --vm jti -- '--vm jti is not known' 'emu|jit'
  refuses run --vm 'emu|jit' -- 'not known'
  refuses bench --what heat -- '--what heat is not known' 'boot|memory|load|idle|native'
  refuses run --accel xen -- '--accel xen' 'auto|kvm|tcg'
  refuses run --append '' -- '--append'
  refuses run --disk "$BATS_TEST_TMPDIR/none" -- '--disk' 'no such file'
  refuses run --disk "$BATS_TEST_FILENAME,$BATS_TEST_TMPDIR/none" -- "$BATS_TEST_TMPDIR/none: there is no such file"
  refuses run --env-file "$BATS_TEST_TMPDIR" -- '--env-file' 'no such file'
  refuses stop -- 'the name of one machine' 'there is none'
  refuses stop one two -- 'the name of one machine'
  refuses probe --json=yes -- '--json takes no value'
  refuses run --release "$BATS_TEST_TMPDIR/none" -- '--release' 'no such directory'
  refuses run --release "$BATS_TEST_TMPDIR" -- 'not a release' 'mix release'
}

@test "options that contradict one another are refused before anything is built" {
  refuses probe --icount --accel kvm -- '--icount' KVM
  refuses probe --icount --cpus 2 -- '--icount' 'one processor'
  refuses bench --what native debian -- '--what native' debian
  refuses bench --icount --what idle -- '--icount' '--what idle'
}

@test "both spellings of a value, and the defaults" {
  library options
  options_parse probe --memory=96 --append 'a b=c -- d' --icount
  [[ ${option[memory]} == 96 && ${option[append]} == 'a b=c -- d' && ${option[icount]} == 1 ]]
  [[ ${option[vm]} == emu && ${option[cpus]} == 1 && ${option[accel]} == auto ]]
  [[ ! -v option[port] && ! -v option[json] ]]
}

@test "disks: one after the other, and with commas" {
  library options
  options_parse run --disk=/dev/null --disk /dev/zero,/dev/full
  [[ ${option[disk]} == /dev/null,/dev/zero,/dev/full ]]
}
