#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # set in helper.bash, and by bats
# libpid1's rescue-init as the /init of a machine, with nothing else in its root.

load helper

# setup   packs rescue-init and a console.
setup() {
  root=$BATS_TEST_TMPDIR/root.cpio.zst
  "$MICROBEAM_GEN_INIT_CPIO" - <<EOF | zstd --quiet -3 -o "$root"
dir /dev 0755 0 0
nod /dev/console 0600 0 0 c 5 1
file /init $MICROBEAM_RESCUE_INIT 0755 0 0
EOF
}

# ends   the machine ends by itself. The runner waits for an answer over HTTP, and there is none.
ends() {
  run --separate-stderr -1 boot --timeout=100 "$@"
  says 'QEMU ended with status 0 before the answer'
  output=$(<"$BATS_TEST_TMPDIR/console.log")
  says 'rescue-init: mark=init' 'rescue-init: the end: reboot'
  [[ $output != *'Kernel panic'* && $output != *'rescue-init: end:'* ]]
}

@test "alone in its root: it says what it knows, and the machine ends" {
  ends
  says 'rescue-init: mounted on /proc: proc proc' 'rescue-init: mounted on /dev: devtmpfs devtmpfs' \
    'rescue-init: command line: ' 'rescue-init: /bin/sh: spawn: exec: No such file or directory'
}

@test "out of the initramfs, which pivot_root refuses: what is missing is the new root's init" {
  ends '--append=root="tmpfs /new-root tmpfs rw"'
  says 'rescue-init: tmpfs /new-root tmpfs rw: execve: No such file or directory'
}
