#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # set in helper.bash, and by bats
# The comparison with the peers really boots them, and says of each what was seen. No time is asserted. Not
# the Debian, which takes minutes to build and as long to boot as the others together; its disk is looked at.

load helper

# What a person has measured stays.
setup() { export MICROBEAM_RESULTS=$BATS_TEST_TMPDIR; }

# row MEASURE IMAGE   the comma-separated line has one value, and a median that is a number.
row() { [[ $output =~ (^|$'\n')$1,[a-zA-Z/0-9]+,$2,1,[0-9]+\.[0-9]+, ]] || { echo "no row $1 of $2 in: $output"; return 1; }; }

# measure WHAT FLAG...   one turn of the sample, without looking whether all images are up to date.
measure() {
  run --separate-stderr -0 "$MICROBEAM_VM" --mode=bench "--what=$1" "--images=$MICROBEAM_IMAGES/hello" --rounds=1 \
    --format=csv "--console_log=$BATS_TEST_TMPDIR/console.log" "${@:2}"
}

@test "the peers answer, and so do both emulators, and an image made after a boot" {
  run --separate-stderr -0 "$microbeam" bench --rounds 1 --csv --accel tcg \
    stock busybox-exec tini dumb-init hello-jit-fast hello-fast-profiled
  for image in stock busybox-exec tini dumb-init hello-jit-fast hello-fast-profiled; do
    row first_byte "$image"
    row listening "$image"
    row pss "$image"
  done
  row exec hello-fast-profiled
  [[ $output == *$'\n'exec,ms,stock,0,,,,* ]]
  [[ $(<"$MICROBEAM_RESULTS/boot.json") == '{"what":"boot",'*'"guest":{"qemu":"'*'"values":['* ]]
}

# about FILE   prints what the file system says of it.
about() { debugfs -R "stat $1" "$disk" 2>/dev/null; }

@test "the disk of debian, where it is built: whole, of several owners, with the sample as a service" {
  disk=$MICROBEAM_IMAGES/debian/root.ext4
  [[ -e $disk ]] || skip 'scripts/microbeam bench debian builds it'
  run -0 e2fsck -f -n "$disk"
  [[ $(about /etc/shadow) =~ Mode:\ +0640.*User:\ +0\ +Group:\ +42\  ]]
  [[ $(about /usr/bin/passwd) =~ Mode:\ +04755 ]]
  about /etc/systemd/system/multi-user.target.wants/hello.service | grep 'Fast link dest: "/etc/systemd/system/hello.service"'
  about /opt/hello/bin/hello | grep 'Mode:  0755'
  [[ $(debugfs -R 'cat /etc/hosts' "$disk" 2>/dev/null) == *'10.0.2.15 debian'* ]]
}

@test "the least memory is found: more is enough, and with less the guest says that there is none" {
  measure memory --memory=64
  row least hello
  row available hello
  row pss hello
  [[ $stderr =~ MiB:\ enough ]]
  [[ $stderr =~ MiB:\ microbeam-vm:\ .*([Oo]ut\ of\ memory|unpacking\ failed|QEMU\ ended) ]]
}

@test "requests are counted, over connections that are kept and over new ones" {
  measure load --seconds=1
  row keep_alive hello
  row connections hello
}

@test "a machine that is asked nothing is watched" {
  measure idle --seconds=1
  row cpu hello
  row wakeups hello
}

@test "without a machine: the same roots, ours and the peers'" {
  [[ $EUID -eq 0 ]] || skip "an image has users of its own, whom only root can have"
  run --separate-stderr -0 "$microbeam" bench --what native --rounds 1 --csv stock busybox-exec tini dumb-init hello
  for image in stock busybox-exec tini dumb-init hello; do
    row exec "$image"
    row listening "$image"
    row first_byte "$image"
  done
  row marks hello
  # Nothing is left of it.
  [[ -z $(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'microbeam-native.*') ]]
}

@test "under --icount two boots are the same, phase by phase, to a thousandth" {
  measure boot --icount --rounds=2 --format=json
  awk 'BEGIN { RS = "\"name\":"; last[1] = last[2] = 0 }
    match($0, /"values":\[[^]]*/) {
      split(substr($0, RSTART + 10, RLENGTH - 10), at, ",")
      for (i = 1; i <= 2; i++) { phase[i] = at[i] - last[i]; last[i] = at[i] }
      printf "%s %.3f %.3f\n", substr($0, 1, index($0, ",") - 1), phase[1], phase[2]
      difference = phase[1] - phase[2]
      if (phase[1] <= 0 || difference * difference > (phase[1] / 1000) ^ 2) exit failed = 1
      phases++
    }
    END { exit failed || phases != 5 }' <<<"$output"
}
