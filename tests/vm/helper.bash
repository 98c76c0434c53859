# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For every file here: the command, the runner, and roots that differ from the image's in a few entries.

load ../helper

: "${MICROBEAM_VM:?set by scripts/microbeam test vm, which also builds what these tests need}"
export microbeam=$BATS_TEST_DIRNAME/../../scripts/microbeam

# budget NAME   prints the limit from budgets.tsv.
budget() {
  awk -v name="$1" '$1 == name { print $2; found = 1 } END { exit !found }' "$BATS_TEST_DIRNAME/../budgets.tsv"
}

# value KEY [TEXT]   prints the number, word or object of KEY in a JSON text, by default the output.
value() {
  [[ ${2-$output} =~ \"$1\":(\{[^}]*\}|\"[^\"]*\"|[^,}]*) ]]
  printf '%s\n' "${BASH_REMATCH[1]}"
}

# make_root FILTER...   packs the root of hello as the command FILTER leaves its list.
make_root() {
  root=$BATS_TEST_TMPDIR/root.cpio.zst
  (cd "$MICROBEAM_IMAGES/hello" && "$@" <root.list | "$MICROBEAM_GEN_INIT_CPIO" - | zstd --quiet -3 -o "$root")
}

# boot ARGUMENTS...   boots the root of make_root, with the kernel of hello.
boot() {
  "$MICROBEAM_VM" --mode=probe "--kernel=$MICROBEAM_IMAGES/hello/vmlinux" "--initrd=$root" --image=hello \
    "--console_log=$BATS_TEST_TMPDIR/console.log" "$@"
}
