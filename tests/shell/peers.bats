#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # set in helper.bash, and by bats
# The peers' images, as far as there is nothing to build for them.

load helper

setup() {
  own_folders
  export MICROBEAM_ROOT=$repository
  library component
  # shellcheck source=../../rootfs/assemble.bash
  source "$repository/rootfs/assemble.bash"
  # shellcheck source=../../bench/peers.bash
  source "$repository/bench/peers.bash"
  cd "$BATS_TEST_TMPDIR" || return
  mkdir kernel debian hello
  echo kernel | tee kernel/vmlinux >kernel/bzImage
  echo inputs >hello/inputs
  echo disk >debian/root.ext4
  truncate --size 1M debian/root.ext4
}

debian() {
  peer_assemble debian "$PWD/out" "$PWD/hello" release=none otp=otp pid1=pid1 toolchain=toolchain init=init \
    busybox=busybox kernel=kernel "debian=$1"
}

@test "debian: the disk as it is, no other root, its kernel, which is told where the root is" {
  run -0 debian debian
  cmp debian/root.ext4 out/root.ext4
  cmp kernel/vmlinux out/vmlinux
  [[ $(<out/append) == 'root=/dev/vda rootfstype=ext4 rw' ]]
  [[ $(cd out && echo *) == 'append bzImage inputs root.ext4 vmlinux' ]]
}

@test "debian: made once of the same disk, again of another" {
  run -0 debian debian
  run -0 debian debian
  says 'up to date'
  mv debian debian-2
  run -0 debian debian-2
  [[ $output != *'up to date'* ]]
}
