#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # set in helper.bash, and by bats
# The image under TCG, through the command: it answers, the BEAM is process 1, it ends in order, a mistake is named.

load helper

# rises NUMBER...   each is greater than the one before.
rises() { printf '%s\n' "$@" | awk '$1 + 0 != $1 || (NR > 1 && $1 <= last) { exit 1 } { last = $1 }'; }

# answers VM   the output is the one JSON object of a boot that went well.
answers() {
  local ms
  [[ ${#lines[@]} -eq 1 && $output == '{"image":"hello",'*'}' ]]
  [[ $(value http_status) == 200 && $(value beam_os_pid) == 1 ]]
  [[ $(value accel) == '"tcg"' && $(value vm) == "\"$1\"" && $(value memory_mib) == 64 ]]
  [[ $(value orderly) == true && $(value qemu_status) == 0 ]]
  ms=$(value timeline_ms)
  rises "$(value kernel "$ms")" "$(value init "$ms")" "$(value exec "$ms")" "$(value beam "$ms")" \
    "$(value listening "$ms")" "$(value first_byte "$ms")"
  rises "$(value listening "$ms")" "$(value application "$ms")"
}

@test "the interpreter answers from 64 MiB" {
  run --separate-stderr -0 "$microbeam" probe --json --memory 64 --accel tcg
  answers emu
}

@test "the JIT answers from 64 MiB" {
  run --separate-stderr -0 "$microbeam" probe --json --memory 64 --accel tcg --vm jit
  answers jit
}

@test "two processors" {
  run --separate-stderr -0 "$microbeam" probe --json --accel tcg --cpus 2
  [[ $(value http_status) == 200 && $(value cpus) == 2 ]]
}

@test "a setting that there is none of is named, and the machine ends" {
  run --separate-stderr "$microbeam" probe --json --accel tcg --append beam.nosuch=1
  [[ $status -ne 0 && $(value http_status) == null ]]
  says beam.nosuch 'QEMU ended with status 5 before the answer'
}

# get PORT PATH   prints the answer, head and all.
get() {
  local connection
  exec {connection}<>"/dev/tcp/127.0.0.1/$1"
  printf 'GET %s HTTP/1.0\r\nHost: guest\r\n\r\n' "$2" >&"$connection"
  timeout 20 cat <&"$connection"
  exec {connection}>&-
}

@test "run: the URL, /info says process 1, Ctrl-C ends the machine with status 0" {
  local log=$BATS_TEST_TMPDIR/run.log pid status=0 answer
  # Not ignored, as it is in what a shell starts in the background.
  set -m
  "$microbeam" run --accel tcg >"$log" 2>&1 3>&- &
  set +m
  pid=$!
  for _ in {1..900}; do
    ! grep -q 'Ctrl-C ends the machine' "$log" || break
    kill -0 "$pid"
    sleep 0.1
  done
  [[ $(<"$log") =~ hello\ answers\ on\ http://127.0.0.1:([0-9]+)/ ]]
  answer=$(get "${BASH_REMATCH[1]}" /info)
  kill -INT "$pid"
  wait "$pid" || status=$?
  [[ $status -eq 0 ]]
  [[ $answer == *' 200 '* && $(value os_pid "$answer") == 1 && $(value emulator "$answer") == '"emu"' ]]
  grep -q 'mark=listening' "$log"
  grep -q 'hello ended in order: ' "$log"
  # Nothing of its process group is left.
  run ! kill -0 -- "-$pid"
}

@test "run --background and stop: the machine answers meanwhile, and ends in order" {
  run --separate-stderr -0 "$microbeam" run --background --accel tcg 3>&-
  [[ -z $output && $stderr =~ hello\ answers\ on\ http://127.0.0.1:([0-9]+)/ ]]
  [[ $(get "${BASH_REMATCH[1]}" /info) == *' 200 '* ]]
  run --separate-stderr -0 "$microbeam" stop hello
  says 'hello ended in order'
  run --separate-stderr -1 "$microbeam" stop hello
  says 'no machine hello runs in the background'
}

# teardown   ends what a failed test left in the background.
teardown() { "$microbeam" stop hello &>/dev/null || true; }

@test "an image is within its budgets" {
  cd "$MICROBEAM_IMAGES"
  (($(stat -c %s hello/root/init) <= $(budget init_bytes)))
  for image in hello hello-jit; do
    bytes=$(($(stat -c %s "$image/bzImage") + $(stat -c %s "$image/root.cpio.zst")))
    printf '%s: %s bytes\n' "$image" "$bytes" >&3
    ((bytes <= $(budget image_bytes)))
  done
}

@test "profile small is within its budgets, and answers" {
  cd "$MICROBEAM_IMAGES"
  kernel=$(stat -c %s hello-small/bzImage)
  bytes=$((kernel + $(stat -c %s hello-small/root.cpio.xz)))
  printf 'hello-small: %s bytes, of them the kernel %s\n' "$bytes" "$kernel" >&3
  ((kernel <= $(budget small_kernel_bytes) && bytes <= $(budget small_bytes)))
  run --separate-stderr -0 "$microbeam" probe --profile small --json --accel tcg
  [[ $(value http_status) == 200 && $(value orderly) == true ]]
}

@test "profile small from a squashfs answers with little memory" {
  run --separate-stderr -0 "$microbeam" probe --profile small --root squashfs --memory "$(budget small_memory)" --json --accel tcg
  [[ $(value http_status) == 200 && $(value root) == '"squashfs"' ]]
}

@test "profile fast, after a boot profile, is within its budget of instructions" {
  run --separate-stderr -0 "$microbeam" probe --profile fast --boot-profile --icount --json
  listening=$(value listening "$(value timeline_insns)")
  printf 'hello-fast-profiled: %s instructions\n' "$listening" >&3
  ((listening <= $(budget fast_to_listening)))
}

@test "what the host hands over reaches a root that is a disk" {
  printf 'PORT=of the host\n' >"$BATS_TEST_TMPDIR/env"
  run --separate-stderr -1 "$microbeam" probe --root squashfs --env-file "$BATS_TEST_TMPDIR/env" --json --accel tcg
  says 'PORT is "of the host"'
}

@test "size: the table's total is what the two files that boot weigh" {
  run --separate-stderr -0 "$microbeam" size
  bytes=$(($(stat -c %s "$MICROBEAM_IMAGES/hello/bzImage") + $(stat -c %s "$MICROBEAM_IMAGES/hello/root.cpio.zst")))
  says erts kernel beam-init musl "$bytes"
}
