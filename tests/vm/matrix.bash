# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # set in helper.bash, and by bats; read by image_stage
# What the matrix tests have in common: roots of every kind of release, and the ends of a machine.

matrix_kinds=(mix relx systools none)

# matrix_setup KIND...   makes root lists and roots of these kinds in $BATS_FILE_TMPDIR/KIND.
matrix_setup() {
  # shellcheck source=../../scripts/lib/component.bash
  source "$BATS_TEST_DIRNAME/../../scripts/lib/component.bash"
  # shellcheck source=../../rootfs/assemble.bash
  source "$BATS_TEST_DIRNAME/../../rootfs/assemble.bash"
  local kind name
  local -gA from=([vm]=emu [profile]=standard [root]=initramfs [release]=none)
  for name in toolchain otp kernel init hello pid1; do
    from[$name]=$(component_path "$name")
    [[ -d ${from[$name]} ]] || { echo "no component $name: scripts/microbeam test vm builds it"; return 1; }
  done
  export matrix_kernel=${from[kernel]}/vmlinux
  matrix_module "$BATS_FILE_TMPDIR/matrix"
  for kind in "$@"; do
    matrix_root "$kind" "$BATS_FILE_TMPDIR/$kind"
  done
}

# matrix_module DIR   compiles what ends a system, with the compilers of the image.
matrix_module() {
  local clang=${from[toolchain]}/bin/x86_64-linux-musl-clang
  mkdir "$1"
  cp "$BATS_TEST_DIRNAME"/matrix/* "$1"
  (cd "$1" && "$clang" -O1 -shared -fPIC -I "${from[otp]}/usr/lib/erlang/usr/include" -o crash.so crash.c &&
    "$clang" -O1 -static -o orphans orphans.c && "$clang" -O1 -static -o steps steps.c)
  image_escript "$1" ../tests/vm/matrix/compile.escript "$1"
}

# matrix_root KIND DIR   stages a root as an image has it, without the compression that takes its time.
matrix_root() {
  local kind=$1 dir=$2
  mkdir -p "$dir/root" "$dir/release"
  case $kind in
    mix) from[release]=${from[hello]} ;;
    none) from[release]=none ;;
    *)
      from[release]=none
      image_escript "$dir/release" test/make_release.escript "$kind" "$dir/release"
      from[release]=$dir/release
      ;;
  esac
  image_stage "$dir/root" >"$dir/apps"
  image_system "$dir/root" "$dir/apps"
  mkdir "$dir/root/data" "$dir/root/matrix"
  cp "$BATS_FILE_TMPDIR"/matrix/{matrix.beam,crash.so,orphans} "$dir/root/matrix/"
  image_list "$dir" >"$dir/root.list"
  (cd "$dir" && "${from[kernel]}/gen_init_cpio" - <root.list | zstd --quiet -1 -o root.cpio.zst)
}

# matrix_boot KIND MODE WAY [PARAMETER...]   boots that root until it ends in that way. Where $ask_when is
# set, the host asks for the end once the console has that text. Leaves $status and $output, the console in
# $console, the volume in $disk.
matrix_boot() {
  local kind=$1 mode=$2 way=$3 log pid arguments
  shift 3
  log=$BATS_TEST_TMPDIR/$kind-$mode-$way
  disk=$log.disk
  rm -f "$disk"
  mkfs.ext4 -q -O ^resize_inode "$disk" 8M
  arguments="-pa /matrix -s matrix run $way"
  [[ $kind != none ]] || arguments="-noshell $arguments"
  "$MICROBEAM_VM" --mode=run --accel=tcg --timeout=60 --kernel="$matrix_kernel" --image="$kind" \
    --initrd="$BATS_FILE_TMPDIR/$kind/root.cpio.zst" --disk="$disk" --console_log="$log.console" \
    --append="beam.mode=$mode beam.mount=/dev/vda:/data:ext4 beam.env.PORT=8081 $* -- $arguments" \
    >"$log.out" 2>&1 3>&- &
  pid=$!
  matrix_ask "$pid" "$log.console" matrix_interrupt "$pid"
  status=0
  wait "$pid" || status=$?
  output=$(tr -d '\r' <"$log.out")
  console=$(tr -d '\r' <"$log.console")
}

# matrix_interrupt PID   asks as Ctrl-C does, when the system has had the time to say that it hears the host.
matrix_interrupt() {
  sleep "${ask_after:-1}"
  kill -INT "$1"
}

# matrix_namespaces KIND MODE WAY [PARAMETER...]   the same root without a machine: /init as process 1 of
# fresh namespaces, in a copy of the root, with a terminal as console. Where $ask_when is set, SIGTERM asks for
# the end. $around is a command that runs the whole. Leaves the console in $console; $status is 130 for a power-off and 129 for a restart (reboot(2) in a
# pid namespace).
matrix_namespaces() {
  local kind=$1 mode=$2 way=$3 log=$BATS_TEST_TMPDIR/$1-$2-$3 arguments pid
  shift 3
  arguments="-pa /matrix -s matrix run $way"
  [[ $kind != none ]] || arguments="-noshell $arguments"
  printf 'beam.mode=%s beam.env.PORT=8081 %s -- %s\n' "$mode" "$*" "$arguments" >"$log.cmdline"
  : >"$log.console"
  timeout --foreground --kill-after=5 100 script --quiet --flush --return --command \
    "${around:-} unshare --mount --pid --net --uts --ipc --fork --kill-child bash '$BATS_TEST_DIRNAME/matrix/namespace.sh' \
      '$BATS_FILE_TMPDIR/$kind/root' '$log.root' '$log.cmdline'" "$log.console" </dev/null >"$log.out" 2>&1 3>&- &
  pid=$!
  matrix_ask "$pid" "$log.console" matrix_terminate "$pid"
  status=0
  wait "$pid" || status=$?
  output=$(<"$log.out")
  console=$(tr -d '\r' <"$log.console")
}

# matrix_terminate PID   asks process 1 of the namespaces: the child of the unshare that is below PID.
matrix_terminate() {
  local pid=$1
  until [[ $(<"/proc/$pid/comm") == unshare ]]; do
    pid=$(pgrep -P "$pid" | head -n 1)
  done
  kill -TERM "$(pgrep -P "$pid")"
}

# matrix_ask PID CONSOLE COMMAND...   runs it once the file CONSOLE has $ask_when, if that is set.
matrix_ask() {
  local pid=$1 file=$2
  shift 2
  [[ -n ${ask_when:-} ]] || return 0
  for _ in {1..600}; do
    ! grep -qs "$ask_when" "$file" || break
    kill -0 "$pid" || break
    sleep 0.1
  done
  "$@"
}

# matrix_ends KIND MODE WAY QEMU_STATUS LAST...   boots so; QEMU ends with that status, and the console with
# the lines that match the patterns LAST.
matrix_ends() {
  local kind=$1 mode=$2 way=$3 wanted=$4 line
  shift 4
  local ask_when=
  [[ $way != host ]] || ask_when='matrix: host'
  matrix_boot "$kind" "$mode" "$way"
  matrix_says "matrix: $way"
  for line in "$@"; do
    matrix_says "$line"
  done
  if [[ $wanted -eq 0 ]]; then
    [[ $status -eq 0 ]] || matrix_fails "status $status"
    [[ $console != *'Kernel panic'* ]] || matrix_fails 'a panic in an orderly end'
  else
    [[ $status -ne 0 && $output == *"QEMU ended with status $wanted "* ]] || matrix_fails "not QEMU's status $wanted"
  fi
  # Nobody outlived SIGKILL, no file system stayed busy.
  [[ $console != *': processes: '* && $console != *'stays mounted'* && $console != *': /data: '* ]] ||
    matrix_fails 'somebody stayed'
  matrix_volume "$way"
}

# matrix_volume WAY   the volume has what was written; it is clean, or after a panic its journal makes it so.
matrix_volume() {
  local state
  state=$(dumpe2fs -h "$disk" 2>/dev/null)
  if [[ $console == *'Kernel panic'* ]]; then
    e2fsck -p "$disk" >/dev/null || (($? == 1)) || matrix_fails 'the volume is damaged'
  else
    [[ $state == *'Filesystem state:'*' clean'* && $state != *needs_recovery* ]] || matrix_fails 'the volume is not clean'
    [[ $(debugfs -R 'cat /written' "$disk" 2>/dev/null) == "$1" ]] || matrix_fails 'the volume lacks what was written'
  fi
  e2fsck -fn "$disk" >/dev/null 2>&1 || matrix_fails 'the volume has errors'
}

# matrix_says PATTERN   the console has it.
matrix_says() { [[ $console =~ $1 ]] || matrix_fails "not said: $1"; }

matrix_fails() {
  printf '%s\nstatus %s, output:\n%s\nconsole:\n%s\n' "$1" "$status" \
    "$(tail -c 2000 <<<"$output")" "$(tail -c 3000 <<<"$console")" >&2
  return 1
}
