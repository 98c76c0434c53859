#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # set in helper.bash, and by bats
# Between the command and the runner: arguments, accelerator, what goes to stdout, the status. A program
# of the test stands in for the runner; nothing is built.

load helper

json='{"image":"hello","accel":"tcg","memory_mib":64,"cpus":1,"vm":"emu","root":"initramfs","http_status":200,"beam_os_pid":1,"timeline_ms":{"kernel":10.5,"init":20.0,"exec":30.25,"beam":null,"listening":50.0,"first_byte":60.0},"timeline_insns":null,"end":{"orderly":true,"qemu_status":0}}'

setup() {
  own_folders
  mkdir -p "$MICROBEAM_BUILD"/{host/bench,images/hello,logs}
  echo kernel >"$MICROBEAM_BUILD/images/hello/vmlinux"
  echo root >"$MICROBEAM_BUILD/images/hello/root.cpio.zst"
  # What a build says must not get into what is asked for.
  cat >"$BATS_TEST_TMPDIR/microbeam" <<COMMAND
source '$microbeam'
command_packages() { :; }
build_all() { step noise printf 'noise on stdout\n'; }
build_bench() { :; }
main "\$@"
COMMAND
  runner "echo '$json'"
  fake qemu-system-x86_64 'exit 1'
}

# runner LINE...   the runner is a program that notes its arguments and does LINE.
runner() {
  fake microbeam-vm "printf '%s\n' \"\$@\" >>'$BATS_TEST_TMPDIR/arguments'" "$@"
  mv "$BATS_TEST_TMPDIR/bin/microbeam-vm" "$MICROBEAM_BUILD/host/bench/microbeam-vm"
}

command() { bash "$BATS_TEST_TMPDIR/microbeam" "$@"; }

# got ARGUMENT...   the runner was given each.
got() {
  local argument
  for argument in "$@"; do
    grep -qxF -e "$argument" "$BATS_TEST_TMPDIR/arguments" || {
      printf 'not given: %s in:\n%s\n' "$argument" "$(<"$BATS_TEST_TMPDIR/arguments")" >&2
      return 1
    }
  done
}

@test "probe --json: one object on stdout, and nothing else" {
  run --separate-stderr -0 command probe --json --accel tcg
  [[ $output == "$json" ]]
  [[ $stderr == *'noise: done'* ]]
}

@test "probe: a table made of it" {
  run --separate-stderr -0 command probe --accel tcg
  says 'hello, emu, tcg, 64 MiB' 'HTTP 200' 'process 1' 'first_byte' '30.2'
  [[ $output =~ beam\ +-$'\n' && $output != *instructions* ]]
}

@test "probe --icount: the instructions are in the table, and TCG needs no trial" {
  runner "echo '${json/'"timeline_insns":null'/'"timeline_insns":{"kernel":11,"init":22,"exec":33,"beam":44,"listening":55,"first_byte":null}'}'"
  run --separate-stderr -0 command probe --icount
  says instructions 55 'tcg (--icount'
  got --icount --accel=tcg
  [[ $output =~ first_byte\ +60.0\ +-$ ]]
}

@test "the status and the messages of probe are the runner's" {
  runner "echo '$json'; echo 'beam-init: error' >&2; exit 1"
  run --separate-stderr -1 command probe --json --accel tcg
  [[ $output == "$json" && $stderr == *'beam-init: error'* ]]
  run --separate-stderr -1 command probe --accel tcg
  says 'beam-init: error' 'HTTP 200'
}

@test "every option reaches the runner as it was given" {
  run -0 command probe --json --accel tcg --memory 96 --cpus 2 --port 8099 --append 'a="b c" beam.x=1 -- -y'
  got --mode=probe --memory=96 --cpus=2 --port=8099 '--append=a="b c" beam.x=1 -- -y' --image=hello --vm=emu \
    "--kernel=$MICROBEAM_BUILD/images/hello/vmlinux" \
    "--initrd=$MICROBEAM_BUILD/images/hello/root.cpio.zst"
}

@test "run: the console is the runner's stdout" {
  runner 'echo console; exit 7'
  run --separate-stderr -7 command run --accel tcg
  [[ $output == console ]]
  got --mode=run --port=0
}

@test "disks and the host's environment reach the runner" {
  touch "$BATS_TEST_TMPDIR"/{a,b,c,env}
  cd "$BATS_TEST_TMPDIR"
  run -0 command run --accel tcg --disk a --disk=b,c --env-file env
  got --disk=a,b,c --env_file=env
}

@test "run --background: returns when the runner does, and says how to end the machine" {
  runner 'echo "hello answers on http://127.0.0.1:1/" >&2'
  run --separate-stderr -0 command run --accel tcg --background
  [[ -z $output && -d $MICROBEAM_BUILD/machines ]]
  says 'hello answers on' "its console: $MICROBEAM_BUILD/logs/machine-hello.log" 'scripts/microbeam stop hello'
  got --mode=run --background "--state=$MICROBEAM_BUILD/machines/hello"
  [[ $(grep -- --console_log "$BATS_TEST_TMPDIR/arguments" | tail -n 1) == *logs/machine-hello.log ]]
}

@test "run --background of a machine that does not answer: its status, and nothing of how to end it" {
  runner 'echo "no answer" >&2; exit 3'
  run --separate-stderr -3 command run --accel tcg --background
  says 'no answer'
  [[ $stderr != *'microbeam stop'* ]]
}

@test "stop: the runner is given the machine's file, its status is the command's" {
  mkdir "$MICROBEAM_BUILD/machines"
  touch "$MICROBEAM_BUILD/machines/hello" "$MICROBEAM_BUILD/machines/hello.log"
  runner 'echo "hello ended in order: poweroff" >&2; exit 4'
  run --separate-stderr -4 command stop hello
  says 'ended in order'
  got --mode=stop "--state=$MICROBEAM_BUILD/machines/hello"
}

@test "stop: a machine that there is not is named, with those that there are" {
  run --separate-stderr -1 command stop hello
  says 'no machine hello runs in the background' 'there is none'
  mkdir "$MICROBEAM_BUILD/machines"
  touch "$MICROBEAM_BUILD/machines/"{shop,hello.log}
  run --separate-stderr -1 command stop hello
  says 'there may be: shop'
  [[ $stderr != *hello.log* ]]
  run --separate-stderr -1 command stop ../machines/shop
  says 'no machine ../machines/shop'
  fails test -e "$BATS_TEST_TMPDIR/arguments"
}

@test "clean does not take the file of a machine that runs" {
  mkdir "$MICROBEAM_BUILD/machines"
  printf 'pid %s\n' "$$" >"$MICROBEAM_BUILD/machines/hello"
  printf 'MicroBEAM\n' >"$MICROBEAM_BUILD/CACHEDIR.TAG"
  run --separate-stderr -1 "$microbeam" clean
  says 'hello runs in the background' 'scripts/microbeam stop hello'
  [[ -e $MICROBEAM_BUILD/machines/hello ]]
}

@test "the two emulators have images of their own; the name stays" {
  mkdir "$MICROBEAM_BUILD/images/hello-jit"
  run -0 command probe --json --accel tcg --vm jit
  got "--kernel=$MICROBEAM_BUILD/images/hello-jit/vmlinux" --image=hello --vm=jit
}

@test "a signal to probe ends the runner" {
  runner "echo \$\$ >'$BATS_TEST_TMPDIR/pid'; exec sleep 311"
  for form in --icount --json; do
    rm -f "$BATS_TEST_TMPDIR/pid"
    bash "$BATS_TEST_TMPDIR/microbeam" probe --accel tcg "$form" 3>&- >/dev/null 2>&1 &
    for _ in {1..100}; do
      [[ ! -s $BATS_TEST_TMPDIR/pid ]] || break
      sleep 0.1
    done
    kill -TERM "$!"
    status=0
    wait "$!" || status=$?
    [[ $status -eq 143 ]]
    fails kill -0 "$(<"$BATS_TEST_TMPDIR/pid")" 2>/dev/null
  done
}

# kvm LINE...   a host with a /dev/kvm, whose trial does LINE.
kvm() {
  [[ -e /dev/kvm ]] || skip 'this machine has no /dev/kvm'
  runner "[[ \$1 != --mode=trial ]] || { $1; }" "echo '$json'"
}

@test "auto: KVM after a trial guest has run, and says why" {
  kvm 'echo a guest ran; exit 0'
  run --separate-stderr -0 command probe --json
  says 'accelerator: kvm (a guest ran)'
  got --mode=trial --accel=kvm
}

@test "auto: TCG when the trial fails, and says why; the trial is remembered for this kernel" {
  kvm 'echo KVM internal error; exit 1'
  run --separate-stderr -0 command probe --json
  says 'accelerator: tcg' 'KVM internal error'
  got --accel=tcg
  rm "$BATS_TEST_TMPDIR/arguments"
  run --separate-stderr -0 command probe --json
  says 'accelerator: tcg' 'KVM internal error'
  fails got --mode=trial 2>/dev/null
  echo 'another kernel' >"$MICROBEAM_BUILD/images/hello/vmlinux"
  run -0 command probe --json
  got --mode=trial
}

@test "--accel kvm where it does not work: an error with the reason" {
  kvm 'echo KVM internal error; exit 1'
  run --separate-stderr -1 command probe --json --accel kvm
  [[ -z $output ]]
  says '--accel kvm' 'KVM internal error' '--accel tcg'
}

@test "an image has the name of its release" {
  # shellcheck source=../../scripts/microbeam
  source "$microbeam"
  release=$BATS_TEST_TMPDIR/rel
  mkdir -p "$release/releases/0.1.0" "$release/releases/0.2.0"
  touch "$release/releases/0.1.0/old.rel" "$release/releases/0.2.0/shop.rel"
  echo '15.2 0.2.0' >"$release/releases/start_erl.data"
  option=([release]=$release [vm]=emu)
  [[ $(image_directory) == "$MICROBEAM_BUILD/images/shop" ]]
  [[ $(image_directory jit) == "$MICROBEAM_BUILD/images/shop-jit" ]]
  rm "$release"/releases/*/*.rel
  [[ $(image_name) == rel ]]
  # shellcheck disable=SC2034 # read by what was loaded
  option=([vm]=emu)
  [[ $(image_name) == hello ]]
}

@test "bench: all images, the peer of the comparison first; what was asked for" {
  run --separate-stderr -0 command bench --accel tcg --rounds 3
  got --mode=bench --what=boot --rounds=3 --format=text --icount=false --accel=tcg "--save=$MICROBEAM_BUILD/bench/boot.json" \
    "--images=$MICROBEAM_BUILD/images/stock,$MICROBEAM_BUILD/images/busybox-exec,$MICROBEAM_BUILD/images/tini,$MICROBEAM_BUILD/images/dumb-init,$MICROBEAM_BUILD/images/debian,$MICROBEAM_BUILD/images/hello-jit-fast,$MICROBEAM_BUILD/images/hello,$MICROBEAM_BUILD/images/hello-small,$MICROBEAM_BUILD/images/hello-small-squashfs,$MICROBEAM_BUILD/images/hello-fast,$MICROBEAM_BUILD/images/hello-fast-profiled"
  rm "$BATS_TEST_TMPDIR/arguments"
  run --separate-stderr -0 command bench --icount --json stock hello
  got --format=json --icount=true --rounds=10 "--save=$MICROBEAM_BUILD/bench/icount.json" "--images=$MICROBEAM_BUILD/images/stock,$MICROBEAM_BUILD/images/hello"
  rm "$BATS_TEST_TMPDIR/arguments"
  MICROBEAM_RESULTS=$BATS_TEST_TMPDIR/results run --separate-stderr -0 command bench --accel tcg --what idle hello
  got --what=idle --rounds=1 --seconds=60 "--save=$BATS_TEST_TMPDIR/results/idle.json"
  rm "$BATS_TEST_TMPDIR/arguments"
  run --separate-stderr -0 command bench --accel tcg --what load --rounds 2 --seconds 3 hello
  got --what=load --rounds=2 --seconds=3
  rm "$BATS_TEST_TMPDIR/arguments"
  run --separate-stderr -0 command bench --accel tcg --what native
  got --what=native --rounds=50
  # Its root is no folder.
  run -1 grep debian "$BATS_TEST_TMPDIR/arguments"
  runner 'exit 1'
  run --separate-stderr -1 command bench --accel tcg
}

# Behind ` -- ` the variable would be an argument of erl.
@test "a boot profile: its variable stands before what is appended; a line for each module" {
  # shellcheck disable=SC2016 # for the program
  runner 'for a; do [[ $a != --console_log=* ]] || printf "x\r\npid1: modules=lists\r\ny\r\npid1: modules=lists,gen\r\n" >"${a#*=}"; done; exit 1'
  touch "$MICROBEAM_BUILD/images/hello/inputs"
  cat >>"$BATS_TEST_TMPDIR/record" <<RECORD
source '$microbeam'
option[append]='-- -x'
image_record '$MICROBEAM_BUILD/images/hello' '$BATS_TEST_TMPDIR/modules'
RECORD
  run -0 bash "$BATS_TEST_TMPDIR/record"
  got '--append=beam.env.PID1_MODULES=1 -- -x'
  [[ $(<"$BATS_TEST_TMPDIR/modules") == $'gen\nlists' ]]
}
