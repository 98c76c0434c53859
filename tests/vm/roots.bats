#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # set in helper.bash, and by bats
# Roots in which there is no one release to start: the message is on the console, and the machine ends.

load helper

# ends_with TEXT...   /init says each TEXT, and QEMU ends by itself well before the runner's limit.
ends_with() {
  run --separate-stderr -1 boot --timeout=100
  says 'QEMU ended with status 5 before the answer' "$@"
  [[ $(value http_status) == null && $(value exec) == null ]]
  grep -q 'beam-init: error: release:' "$BATS_TEST_TMPDIR/console.log"
}

# without PREFIX   drops the entries whose names begin with it.
without() { awk -v prefix="$1" 'index($2, prefix) != 1'; }

# with LINE...   adds entries, or puts them in place of those with the same name.
with() {
  awk 'NR == FNR { new[$2] = $0; next } !($2 in new) { print } END { for (name in new) print new[name] }' \
    <(printf '%s\n' "$@") -
}

two_releases() {
  without /app/releases/start_erl.data | awk '
    { print }
    # The same release as another version.
    $2 ~ "^/app/releases/[0-9]" { sub("/app/releases/[^/ ]*", "/app/releases/9.9.9"); print }' | awk '!seen[$2]++'
}

@test "no release" {
  make_root without /app/
  ends_with 'no release in /app' beam.release=
}

@test "two releases and no start_erl.data" {
  make_root two_releases
  ends_with 'more than one release in /app' 9.9.9 start_erl.data
}

@test "one release and no start_erl.data: it is started" {
  make_root without /app/releases/start_erl.data
  run --separate-stderr -0 boot
  [[ $(value http_status) == 200 ]]
}

@test "a broken start_erl.data" {
  printf 'garbage\n' >"$BATS_TEST_TMPDIR/data"
  make_root with "file /app/releases/start_erl.data $BATS_TEST_TMPDIR/data 0644 0 0"
  ends_with '/app/releases/start_erl.data is broken' garbage
}

@test "a start_erl.data that names a version that is not there" {
  printf '15.2.7 9.9.9\n' >"$BATS_TEST_TMPDIR/data"
  make_root with "file /app/releases/start_erl.data $BATS_TEST_TMPDIR/data 0644 0 0"
  ends_with "'9.9.9'" /app/releases/9.9.9
}
