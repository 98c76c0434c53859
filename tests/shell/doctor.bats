#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # set in helper.bash, and by bats
# `doctor`: what is missing is named with the command that mends it, and decides the status.

load helper

setup() {
  own_project
  # The command's own files; the sources of the test's project, which are none.
  mkdir "$MICROBEAM_ROOT"/{scripts,bench}
  cp -r "$repository/scripts/." "$MICROBEAM_ROOT/scripts/"
  cp "$repository"/bench/*.bash "$MICROBEAM_ROOT/bench/"
  cp "$repository"/rootfs/*.bash "$MICROBEAM_ROOT/rootfs/"
  microbeam=$MICROBEAM_ROOT/scripts/microbeam
  fake bwrap 'exit 0'
  installed '*'
}

# installed PATTERN   the packages of this name are installed, no others.
installed() {
  fake dpkg-query 'for package; do :; done' "[[ \$package != $1 ]] || printf installed"
}

@test "a machine that has everything: a table, status 0, the next thing to type" {
  run --separate-stderr -0 "$microbeam" doctor
  says NEED 'packages: build' 'packages: vm' sandbox 'disk: cache' KVM 'scripts/microbeam run'
  [[ -z $stderr && ! -e $MICROBEAM_BUILD ]]
}

@test "missing packages: named; a person without root is told what to type, status 1" {
  installed 'q*'
  if [[ $EUID -eq 0 ]]; then
    run -0 "$microbeam" doctor
    says 'packages: build' missing clang-19 'installed when needed'
    chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/*/
    chmod -R a+rwX "$BATS_TEST_TMPDIR"
    run -1 setpriv --reuid=65534 --regid=65534 --clear-groups "$microbeam" doctor
  else
    run -1 "$microbeam" doctor
  fi
  says 'packages: build' missing clang-19 'sudo apt-get' 'install --no-install-recommends' 'must be mended'
  [[ $output == *'packages: vm'*'ok, 1'* ]]
}

@test "missing packages of the tests alone are no reason to fail" {
  installed '[!s]*'
  run -0 "$microbeam" doctor
  says 'packages: test' missing shellcheck
}

@test "not Debian: said so" {
  mkdir "$BATS_TEST_TMPDIR/path"
  for program in bash uname awk sed dirname readlink realpath df du cut tail sort find ls cat mktemp id timeout stat nproc env; do
    ln -s "$(type -P "$program")" "$BATS_TEST_TMPDIR/path/"
  done
  PATH=$BATS_TEST_TMPDIR/path run -1 "$microbeam" doctor
  says Debian 'no apt-get'
}

@test "another processor: said so" {
  fake uname 'echo riscv64'
  run -1 "$microbeam" doctor
  says riscv64 x86_64
}

@test "no user namespaces: bubblewrap's message, and how to allow them" {
  fake bwrap 'echo "bwrap: No permissions to create new namespace" >&2; exit 1'
  run -1 "$microbeam" doctor
  says 'No permissions to create new namespace' 'sysctl'
}

@test "a full disk: how much there is, how much is wanted, the variable to set" {
  fake df 'printf "Avail\n512000\n"'
  run -1 "$microbeam" doctor
  says '500 MiB free' '6000 wanted' MICROBEAM_CACHE
}

@test "sources that are not downloaded, and an archive that does not answer" {
  echo 'sand trixie source sand' >"$MICROBEAM_ROOT/rootfs/sources.list"
  fake apt-get "printf '%s\n' 'trixie Debian copy:$BATS_TEST_TMPDIR/none/ $BATS_TEST_TMPDIR/entry:1'"
  run -1 "$microbeam" doctor
  says 'to download: sand' 'does not answer'
  mkdir -p "$BATS_TEST_TMPDIR/none/dists/trixie"
  touch "$BATS_TEST_TMPDIR/none/dists/trixie/InRelease"
  run -0 "$microbeam" doctor
  says 'to download: sand' 'the archive answers'
}
