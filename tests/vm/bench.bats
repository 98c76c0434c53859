#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # set in helper.bash, and by bats
# The comparison with the peers really boots them, and says of each what was seen. No time is asserted. Not
# the Debian, which takes minutes to build and as long to boot as the others together; its disk is looked at.

load helper

# What a person has measured stays.
setup() { export MICROBEAM_RESULTS=$BATS_TEST_TMPDIR; }

# row MEASURE IMAGE   the comma-separated line has one value, and a median that is a number.
row() { [[ $output =~ (^|$'\n')$1,[a-zA-Z]+,$2,1,[0-9]+\.[0-9]+, ]] || { echo "no row $1 of $2 in: $output"; return 1; }; }

@test "the peers answer, and so do both profiles, and an image made after a boot" {
  images=(stock busybox-exec hello-jit hello hello-fast hello-fast-profiled)
  run --separate-stderr -0 "$microbeam" bench "${images[@]}" --rounds 1 --csv --accel tcg
  for image in "${images[@]}"; do
    row first_byte "$image"
    row listening "$image"
    row pss "$image"
  done
  row exec hello-fast
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
