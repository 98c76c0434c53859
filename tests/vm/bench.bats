#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # set in helper.bash, and by bats
# The comparison with the peers really boots them, and says of each what was seen. No time is asserted.

load helper

# What a person has measured stays.
setup() { export MICROBEAM_RESULTS=$BATS_TEST_TMPDIR; }

# row MEASURE IMAGE   the comma-separated line has one value, and a median that is a number.
row() { [[ $output =~ (^|$'\n')$1,[a-zA-Z]+,$2,1,[0-9]+\.[0-9]+, ]] || { echo "no row $1 of $2 in: $output"; return 1; }; }

@test "the peers answer, and so do both profiles, and an image made after a boot" {
  run --separate-stderr -0 "$microbeam" bench --rounds 1 --csv --accel tcg
  for image in stock busybox-exec hello-jit hello hello-fast hello-fast-profiled; do
    row first_byte "$image"
    row listening "$image"
    row pss "$image"
  done
  row exec hello-fast
  [[ $output == *$'\n'exec,ms,stock,0,,,,* ]]
  [[ $(<"$MICROBEAM_RESULTS/boot.json") == '{"what":"boot",'*'"guest":{"qemu":"'*'"values":['* ]]
}
