#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # set in helper.bash, and by bats
# Components: what changes a key, and that no half result is ever kept.

load helper

setup() {
  own_project
  library component
}

# changes COMMAND...   the key of "stone" is another after COMMAND.
changes() {
  local before after
  before=$(component_path stone)
  "$@"
  after=$(component_path stone)
  [[ $before != "$after" ]]
}

@test "the key is the same again when nothing has changed" {
  [[ $(component_path stone) == "$MICROBEAM_CACHE/components/stone-"???????????????? ]]
  fails changes true
  fails changes touch "$MICROBEAM_ROOT/data/file"
}

@test "the key changes with the recipe" {
  changes recipe stone '' '' data '' 'true'
}

@test "the key changes with an input: its content, its name, its mode, a new file" {
  changes bash -c "echo two >'$MICROBEAM_ROOT/data/file'"
  changes mv "$MICROBEAM_ROOT/data/file" "$MICROBEAM_ROOT/data/other"
  changes chmod 755 "$MICROBEAM_ROOT/data/other"
  changes touch "$MICROBEAM_ROOT/data/new"
}

@test "the key changes with the locked source, not with the others" {
  recipe stone sand '' data '' 'true'
  echo 'sand trixie 1.0 sand.tar 00' >"$MICROBEAM_ROOT/rootfs/sources.lock"
  changes bash -c "echo 'sand trixie 1.1 sand.tar 11' >'$MICROBEAM_ROOT/rootfs/sources.lock'"
  fails changes bash -c "echo 'clay trixie 1.1 clay.tar 11' >>'$MICROBEAM_ROOT/rootfs/sources.lock'"
}

@test "the key changes with that of a need, and with the version of a tool" {
  recipe pebble '' '' data '' 'true'
  recipe stone '' pebble '' bash 'true'
  changes recipe pebble '' '' data '' 'false'
  changes fake dpkg-query 'echo tool bash 99'
  changes fake dpkg-query 'echo tool bash 100'
}

@test "a tool that is not installed is named with the command that installs it" {
  recipe stone '' '' data no-such-package 'true'
  run --separate-stderr -1 strictly component_path stone
  says no-such-package 'apt-get install'
}

@test "needs come first, each once" {
  recipe sand '' '' '' '' 'true'
  recipe clay '' sand '' '' 'true'
  recipe brick '' 'sand clay' '' '' 'true'
  run -0 component_order brick clay
  [[ $output == $'sand\nclay\nbrick' ]]
}

@test "an unknown component is named" {
  run --separate-stderr -1 strictly component_order granite
  says granite
}

@test "a build has its result in the cache, and is not repeated" {
  component_build stone >"$BATS_TEST_TMPDIR/log"
  path=$(component_path stone)
  [[ $(<"$path/file") == one && -s $path.key ]]
  grep -q built "$BATS_TEST_TMPDIR/log"
  run -0 component_build stone
  [[ -z $output ]]
}

@test "a build that fails leaves no result, and names where its remains are" {
  recipe stone '' '' data '' 'echo half >/out/half; false'
  run --separate-stderr -1 strictly component_build stone
  says "$MICROBEAM_CACHE/components/.stone-" 'until the next attempt'
  [[ ! -e $(component_path stone) ]]
  recipe stone '' '' data '' 'echo whole >/out/whole'
  run -0 component_build stone
  [[ $(ls "$(component_path stone)") == whole ]]
  [[ -z $(find "$MICROBEAM_CACHE/components" -name '.stone-*' -print -quit) ]]
}

@test "the sandbox: no network, no file of this machine but /usr, fixed paths" {
  recipe stone '' '' data '' 'ls / >/out/root; ls /sys/class/net >/out/net 2>&1 || true; pwd >/out/pwd
    env >/out/env; touch /usr/x 2>/out/usr || true'
  HOME=/nowhere component_build stone
  path=$(component_path stone)
  fails grep -Eqx 'home|root|work|etc/passwd' "$path/root"
  fails grep -q eth "$path/net"
  [[ $(<"$path/pwd") == /build ]]
  grep -q 'Read-only' "$path/usr"
  fails grep -q nowhere "$path/env"
}

@test "a build that is stopped leaves no process and no result" {
  recipe stone '' '' data '' 'echo half >/out/half; touch /build/here; sleep 310; sleep 310'
  set -m
  (exec bash -euo pipefail -c 'source "$1"; stage stone component_build stone' stage \
    "$repository/scripts/lib/component.bash" 3>&- 2>/dev/null) &
  set +m
  pid=$! status=0
  for _ in {1..100}; do
    here=$(find "$MICROBEAM_CACHE" -name here 2>/dev/null) || true
    [[ -z $here ]] || break
    sleep 0.1
  done
  kill -TERM "$pid"
  wait "$pid" || status=$?
  [[ $status -eq 143 && ! -e $(component_path stone) ]]
  for argument in /proc/[0-9]*/cmdline; do
    fails grep -qs "bind.$MICROBEAM_CACHE" "$argument"
  done
  recipe stone '' '' data '' 'echo whole >/out/whole'
  component_build stone
}
