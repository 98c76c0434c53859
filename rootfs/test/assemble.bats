#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The assembly on the sample release and on broken ones: messages, what is staged, same bytes twice.
# shellcheck disable=SC2030,SC2031 # each test has its own `from`
# Uses the components in the cache; `scripts/microbeam build` makes them.

bats_require_minimum_version 1.5.0

setup_file() {
  # shellcheck source=../../scripts/lib/component.bash
  source "$BATS_TEST_DIRNAME/../../scripts/lib/component.bash"
  local name path
  for name in toolchain otp kernel pid1 hello; do
    path=$(component_path "$name")
    [[ -d $path ]] || skip "component $name is not built"
    export "component_$name=$path"
  done
}

setup() {
  # shellcheck source=../../scripts/lib/component.bash
  source "$BATS_TEST_DIRNAME/../../scripts/lib/component.bash"
  # shellcheck source=../assemble.bash
  source "$BATS_TEST_DIRNAME/../assemble.bash"
  release=$BATS_TEST_TMPDIR/release root=$BATS_TEST_TMPDIR/root
  # shellcheck disable=SC2154 # setup_file exported them
  declare -gA from=(
    [release]=$release [vm]=emu [profile]=standard [root]=initramfs [init]=$BATS_TEST_TMPDIR/init-0
    [toolchain]=$component_toolchain [otp]=$component_otp [kernel]=$component_kernel
    [hello]=$component_hello [pid1]=$component_pid1
  )
  cp -r "${from[hello]}" "$release"
  chmod -R u+w "$release"
  mkdir "$root" "${from[init]}"
  cp /bin/true "${from[init]}/init"
  version=$(cut -d ' ' -f 2 "$release/releases/start_erl.data")
}

stage_release() {
  image_escript "$root" stage_release.escript "${from[otp]}/usr/lib/erlang" "$release" "$root" "${from[pid1]}"/pid1-* emu
}

# refused TEXT   staging fails, and says TEXT.
refused() {
  run stage_release
  [[ $status -eq 1 ]] || { echo "status $status: $output"; return 1; }
  [[ $output == *"$1"* ]] || { echo "said: $output"; return 1; }
}

@test "a directory without releases/ is no release, and the one meant is named" {
  rm -r "$release/releases"
  refused 'is not a release: it has no releases/'
  mkdir -p "$release/_build/prod/rel/shop"
  refused "did you mean $release/_build/prod/rel/shop?"
}

@test "start_erl.data missing, malformed, naming a version that is not there" {
  echo "15.0" >"$release/releases/start_erl.data"
  refused 'must hold an ERTS version and a release version'
  rm "$release/releases/start_erl.data" "$release"/releases/*/*.rel
  refused 'start_erl.data: no such file or directory'
}

@test "a version that is not there" {
  sed -i 's/ .*/ 9.9.9/' "$release/releases/start_erl.data"
  refused 'says that the current version is 9.9.9, but there is no'
}

@test "a release for another ERTS: both versions are named" {
  echo "14.2.5 $version" >"$release/releases/start_erl.data"
  refused 'was made for erts 14.2.5, the image has erts '
}

@test "a boot script missing, damaged" {
  echo hello >"$release/releases/$version/start.boot"
  refused 'is damaged: it is not a boot script'
  rm "$release/releases/$version/start.boot"
  refused 'start.boot: no such file or directory'
}

@test "an application of the boot script missing" {
  rm -r "$release"/lib/hello-*
  refused 'the release has no such directory'
}

@test "an OTP application of another version: both are named" {
  # Boot files are uncompressed terms: same length, same file.
  sed -i 's/stdlib-[0-9]/stdlib-9/g' "$release/releases/$version/start.boot"
  refused 'the release wants stdlib 9'
}

@test "the release's own ERTS and copies of OTP applications stay out" {
  local stdlib
  stdlib=$(basename "${from[otp]}"/usr/lib/erlang/lib/stdlib-*)
  mkdir -p "$release/erts-15.2.7/bin" "$release/lib/$stdlib/ebin"
  echo glibc >"$release/erts-15.2.7/bin/beam.smp"
  echo glibc >"$release/lib/$stdlib/ebin/lists.beam"
  stage_release
  [[ ! -e $root/app/erts-15.2.7 && ! -e $root/app/lib/$stdlib ]]
  [[ $(head -c 4 "$root/usr/lib/erlang/lib/$stdlib/ebin/lists.beam") == FOR1 ]]
}

# check TEXT CHECK [ARGUMENT]   look_inside.escript says TEXT.
check() {
  run image_escript "$root" test/look_inside.escript "${@:2}"
  [[ $status -eq 0 && $output == *"$1"* ]] || { echo "status $status: $output"; return 1; }
}

@test "unicode_util without tables answers as the tables do" {
  check 'same: 1' unicode
}

@test "a program has the environment, which a driver's port is not given" {
  check 'same: 6 programs' environment
}

@test "staged modules have the MD5 of what was compiled, and no literals to unpack" {
  stage_release
  check 'same: ' checksum "$root"
}

@test "sys.config becomes a term, unless somebody has to fill it in or complain about it" {
  local config=releases/$version/sys.config
  printf '%%%% coding: utf-8\n[{hello,[{text,<<"\xc3\xa4"/utf8>>}]}].\n' >"$release/$config"
  stage_release
  check '[{hello,[{text,<<195,164>>}]}]' config "$root/app/$config"
  check '{lookup,[file,dns]}' config "$root/etc/erl_inetrc"
  local text
  for text in '%% RUNTIME_CONFIG=true\n[].\n' '[{hello,[{a,].\n' '[]. [].\n'; do
    # shellcheck disable=SC2059 # escapes
    printf "$text" >"$release/$config"
    rm -r "${root:?}"/*
    stage_release
    cmp "$release/$config" "$root/app/$config"
  done
}

@test "prepared code: what is loaded from it is what was written to it, of each module in the image" {
  find "${from[otp]}" "$release" -name '*.beam' -printf '%f\n' | sed 's/\.beam$//' >"$BATS_TEST_TMPDIR/modules"
  from[modules]=$BATS_TEST_TMPDIR/modules
  image_stage "$root" >/dev/null
  image_prepare "$root"
  # In the header: how many modules it has. None was left out but those that no OTP would load.
  local prepared staged
  prepared=$(od -An -t u4 -j 48 -N 4 "$root$image_prepared")
  staged=$(find "$root" -name '*.beam' | wc -l)
  ((prepared > 600 && prepared > staged)) || { echo "$prepared of $staged modules are prepared"; return 1; }
  local image_emulator=(-emu_flavor emu "+zcode$root$image_prepared")
  image_escript "$root" prepare.escript code "$root" "$root/again"
  cmp "$root$image_prepared" "$root/again"
}

@test "prepared code: its atoms come in one order, whatever their order in the emulator that looks for them" {
  local -a image_emulator=(-emu_flavor emu)
  stage_release
  image_escript "$root" prepare.escript atoms "$root" "$root/one"
  # The last is the first: each with its length, from where and as many as the header says (prepared_code.c).
  # shellcheck disable=SC2016 # Perl
  perl -0777 -pe '
    my ($count, $from) = unpack("x40 V V");
    my ($at, @names) = ($from);
    for my $i (1 .. $count) {
      push(@names, unpack("x$at C/a", $_));
      $at += 1 + length($names[-1]);
    }
    substr($_, $from, $at - $from) = join("", map { chr(length($_)) . $_ } reverse(@names))' \
    "$root/one" >"$root/reversed"
  image_emulator+=("+zcode$root/reversed")
  image_escript "$root" prepare.escript atoms "$root" "$root/two"
  cmp "$root"/{one,two}
}

@test "prepared code is for the .beam that it was made of, and can be loaded, replaced and purged" {
  stage_release
  image_prepare "$root"
  local image_emulator=(-emu_flavor emu "+zcode$root$image_prepared")
  check 'same: 4 modules' prepared "$root"
  image_emulator=(-emu_flavor emu)
  run image_escript "$root" test/look_inside.escript prepared "$root"
  [[ $status -eq 1 && $output == *'different: ['* ]]
}

# unprepared WHY   the emulator does without the file `damaged`, and says WHY.
unprepared() {
  local image_emulator=(-emu_flavor emu "+zcode$root/damaged")
  check '{lookup,[file,dns]}' config "$root/etc/erl_inetrc"
  [[ $output == *"+zcode $root/damaged: $1; all modules are loaded from their .beam files"* ]] ||
    { echo "said: $output"; return 1; }
}

@test "prepared code that is missing, cut short, or of another emulator: said, and done without" {
  stage_release
  image_prepare "$root"
  local whole=$root$image_prepared damaged=$root/damaged
  unprepared 'No such file or directory'
  head -c 40 "$whole" >"$damaged"
  unprepared 'this is no prepared code'
  printf 'FOR1' | cat - "$whole" >"$damaged"
  unprepared 'this is no prepared code'
  head -c -1 "$whole" >"$damaged"
  unprepared 'the file is not whole'
  # One byte of the build ID, of the number of modules, of the number of atoms that there are before.
  local at why
  while read -r at why; do
    cp "$whole" "$damaged"
    printf '\377' | dd of="$damaged" bs=1 "seek=$at" conv=notrunc status=none
    unprepared "$why"
  done <<'END'
10 this is of another build of the emulator
51 the table of modules is not in the file
35 its atoms have other numbers here
43 an atom is not in the file
END
}

# prune KEEP...   prunes what was staged; the modules left out are in the variable output.
prune() { run --separate-stderr image_escript "$root" prune.escript "$root" "$@"; }

@test "pruning: what compiles and what nothing reaches goes, and says so when it is called" {
  local libs=$root/usr/lib/erlang/lib
  stage_release
  prune
  [[ $status -eq 0 ]]
  for module in compile asn1ct erl_tar Elixir.Registry; do
    [[ $output == *"$module"$'\t'* ]] || { echo "$module is in the image"; return 1; }
  done
  # What is started by a name that is put together, what an application starts with, what a protocol finds.
  for module in inet_tls_dist ssl_app Elixir.String.Chars.Integer Elixir.Inspect.Map gen_server; do
    [[ $output != *"$module"$'\t'* ]] || { echo "$module is not in the image"; return 1; }
  done
  # Embedded mode would load it, and end.
  text=$(image_escript "$root" test/show_boot.escript "$root/app/releases/$version/start.boot")
  [[ ! $text =~ primLoad,\[[^]]*beam_asm && $text =~ primLoad,\[[^]]*gen_server ]]
  check 'left_out_of_this_image,"build the image again with --keep compile"' stub "$(echo "$libs"/compiler-*/ebin/compile.beam)"
}

@test "pruning: what is to be kept is kept, with what it calls" {
  stage_release
  prune compile
  [[ $status -eq 0 && $'\n'$output != *$'\ncompile\t'* && $output != *beam_asm* && $output == *asn1ct* ]]
  prune no_such_module
  # shellcheck disable=SC2154 # set by bats
  [[ $status -eq 1 && $stderr == *'--keep no_such_module: there is no such module'* ]]
}

@test "what wants a shell stays out, what env.sh sets is named, left-overs are named" {
  echo 'export SECRET=1' >>"$release/releases/$version/env.sh"
  mkdir -p "$release/lib/hello-0.0.1/ebin" "$release/certs"
  echo x >"$release/certs/ca.pem"
  run stage_release
  [[ $status -eq 0 ]]
  [[ $output == *'env.sh is a shell script and is not run'*'export SECRET=1'* ]]
  [[ $output == *'lib/hello-0.0.1 is not in the boot script: left out'* ]]
  [[ ! -e $root/app/bin && ! -e $root/app/releases/$version/env.sh ]]
  [[ ! -e $root/app/lib/hello-0.0.1 && -e $root/app/certs/ca.pem ]]
}

# make_release KIND [PID1]   a release of make_release.escript in place of the sample.
make_release() {
  local kind=$1
  shift
  rm -rf "$release"
  mkdir "$release"
  from[release]=none
  image_escript "$release" test/make_release.escript "$kind" "$release" "$@"
  from[release]=$release
}

# boot_has FILE TEXT   the boot script has a term that looks so.
boot_has() {
  local text
  from[release]=none
  text=$(image_escript "$root" test/show_boot.escript "$1")
  from[release]=$release
  [[ $text == *"$2"* ]] || { echo "$text"; return 1; }
}

@test "pid1 is in the image, loaded with the kernel's modules, started next after stdlib" {
  local vsn boot=$root/app/releases/$version/start.boot
  stage_release
  vsn=$(basename "${from[pid1]}"/pid1-*)
  [[ -e $root/usr/lib/erlang/lib/$vsn/ebin/pid1.beam && -e $root/usr/lib/erlang/lib/$vsn/priv/pid1.so ]]
  boot_has "$boot" "supervisor,pid1]},{path,["
  # Then what a boot comes to load, whatever the release is.
  boot_has "$boot" "ebin\"]},{primLoad,[elixir,elixir_code_server,"
  boot_has "$boot" "'Elixir.System']},{kernel_load_completed}"
  boot_has "$boot" "{apply,{application,start_boot,[stdlib,permanent]}},{apply,{application,start_boot,[pid1,permanent]}}"
  boot_has "$boot" "{primLoad,[pid1_info]},{progress,modules_loaded}"
  # What no boot calls is not among the first modules, and is there for embedded mode.
  boot_has "$boot" "code_server,error_logger"
  boot_has "$boot" "{primLoad,[erl_eval,erl_lint,erl_parse]}"
}

@test "a release that has pid1 itself starts it once, where its own boot script does" {
  local boot=releases/1.0/start.boot vsn name
  vsn=$(basename "${from[pid1]}"/pid1-*)
  make_release systools "${from[pid1]}/$vsn"
  stage_release | grep "^app.pid1.*usr/lib/erlang/lib/$vsn"
  cp "$release/$boot" "$root/theirs.boot"
  cp "$root/app/$boot" "$root/ours.boot"
  for name in theirs ours; do
    image_escript "$root" test/show_boot.escript "$root/$name.boot" | grep -o '{apply,[^[]*\[[^]]*' >"$BATS_TEST_TMPDIR/$name"
  done
  grep -q 'start_boot,\[pid1' "$BATS_TEST_TMPDIR/theirs"
  cmp "$BATS_TEST_TMPDIR/theirs" "$BATS_TEST_TMPDIR/ours"
}

@test "systools: no start_erl.data, ERTS and version from the .rel file" {
  make_release systools
  [[ ! -e $release/releases/start_erl.data ]]
  stage_release
  [[ $(<"$root/app/releases/start_erl.data") == *' 1.0' ]]
  [[ -e $root/usr/lib/erlang/lib/demo-1.0/ebin/demo.beam ]]
  boot_has "$root/app/releases/1.0/start.boot" "[pid1,permanent]"
  mkdir -p "$release/releases/2.0"
  cp "$release/releases/1.0/demo.rel" "$release/releases/2.0/"
  refused 'more than one release to choose from'
}

@test "relx: everything is in the release, as its start script has it; templates are filled in at boot" {
  make_release relx
  stage_release
  boot_has "$root/app/releases/1.0/demo.boot" "[pid1,permanent]"
  [[ -e $root/app/releases/1.0/vm.args.src && -e $root/app/releases/1.0/sys.config.src ]]
  [[ -e $(echo "$root"/app/lib/kernel-*/ebin/kernel.app) && -e $root/app/lib/demo-1.0/ebin/demo.beam ]]
}

@test "no release: an ERTS with boot scripts that start pid1" {
  from[release]=none release=none
  stage_release
  boot_has "$root/usr/lib/erlang/bin/start.boot" "[pid1,permanent]"
  boot_has "$root/usr/lib/erlang/bin/no_dot_erlang.boot" "[pid1,permanent]"
  [[ ! -e $root/app ]]
}

@test "TLS and HTTP are in an image that does not ask for them" {
  stage_release
  for name in kernel stdlib crypto asn1 public_key ssl inets; do
    [[ -e $(echo "$root/usr/lib/erlang/lib/$name"-*/ebin/"$name.app") ]]
  done
}

@test "a NIF for glibc is named" {
  mkdir -p "$root/app"
  cp /bin/true "$root/app/nif.so"
  run image_check "$root"
  [[ $status -ne 0 && $output == *'app/nif.so was built for glibc (it needs libc.so.6)'* ]]
}

@test "a file name with a blank is named" {
  mkdir -p "$root/app"
  touch "$root/app/read me"
  run image_list "$BATS_TEST_TMPDIR"
  [[ $status -ne 0 && $output == *'/app/read me'* ]]
}

@test "twice, from copies with other times, modes and umask: the same bytes" {
  local key inputs=()
  for key in vm profile root otp pid1 toolchain kernel init; do
    inputs+=("$key=${from[$key]}")
  done
  image_assemble "$BATS_TEST_TMPDIR/one" "${inputs[@]}" "release=${from[hello]}"
  find "$release" -exec touch {} +
  chmod -R go-rwx "$release"
  (umask 077 && image_assemble "$BATS_TEST_TMPDIR/two" "${inputs[@]}" "release=$release")
  cmp "$BATS_TEST_TMPDIR"/{one,two}/root.cpio.zst
  run image_assemble "$BATS_TEST_TMPDIR/one" "${inputs[@]}" "release=${from[hello]}"
  [[ $output == 'one is up to date' ]]
}

@test "profiles: the same root, compressed or not; small without what is pruned" {
  from[profile]=fast
  image_assemble_here() { image_assemble "$BATS_TEST_TMPDIR/$1" "release=$release" vm=emu "profile=$1" root=initramfs "otp=${from[otp]}" \
    "pid1=${from[pid1]}" "toolchain=${from[toolchain]}" "kernel=${from[kernel]}" "init=${from[init]}"; }
  local name
  for name in standard small fast; do
    image_assemble_here "$name"
  done
  zstd --quiet -d -c "$BATS_TEST_TMPDIR/standard/root.cpio.zst" | cmp - "$BATS_TEST_TMPDIR/fast/root.cpio"
  # Small has no prepared code, and no flag for it.
  xz -d -c "$BATS_TEST_TMPDIR/small/root.cpio.xz" | cpio -t --quiet | cmp - <(
    cpio -t --quiet <"$BATS_TEST_TMPDIR/fast/root.cpio" | grep -v prepared.code)
  run diff -r "$BATS_TEST_TMPDIR"/{small,fast}/root
  [[ $status -eq 1 && $(grep -c '^Only\|^diff' <<<"$output") -eq 2 && $output == *beam-init.conf*'Only in '*': prepared.code' ]]
  grep -q '"profile":"fast"' "$BATS_TEST_TMPDIR/fast/manifest.json"
  image_sizes "$BATS_TEST_TMPDIR/fast" | grep -q "root.cpio .* $(stat -c %s "$BATS_TEST_TMPDIR/fast/root.cpio")"
}

@test "a boot profile: what was loaded is loaded first, by application, and not again" {
  local boot=$root/app/releases/$version/start.boot
  printf '%s\n' erlang lists gen_tcp inet Elixir.Hello.Server Elixir.Hello.Handler nosuch >"$BATS_TEST_TMPDIR/modules"
  from[modules]=$BATS_TEST_TMPDIR/modules
  image_stage "$root" >/dev/null
  boot_has "$boot" "ebin\"]},{primLoad,[gen_tcp,inet]},{path,"
  boot_has "$boot" "{primLoad,['Elixir.Hello.Server','Elixir.Hello.Handler']},{kernel_load_completed}"
  boot_has "$boot" "{primLoad,['Elixir.Hello.Application','Elixir.Hello.Info','Elixir.Hello.Marks']}"
}

@test "a squashfs has the modules that a boot loads one behind the other, in the order of the boot" {
  local dir=$BATS_TEST_TMPDIR/image files
  from[profile]=fast from[modules]=$BATS_TEST_TMPDIR/modules
  printf '%s\n' gen_tcp Elixir.Hello.Server >"${from[modules]}"
  mkdir -p "$dir/root"
  image_stage "$dir/root" >"$dir/apps"
  image_system "$dir/root" "$dir/apps"
  image_squash "$dir"
  mapfile -t files < <(image_first "$dir" | grep '\.beam$')
  grep -q '/error_handler.beam .*/gen_tcp.beam .*/Elixir.Hello.Server.beam .*/Elixir.Hello.Info.beam' <<<"${files[*]}"
  # Not compressed: each file is found in the image as it is, if it is smaller than a block.
  cd "$dir/root"
  # shellcheck disable=SC2016 # Perl
  run -0 perl -0777 -e '
    sub content { open(my $file, "<:raw", $_[0]) or die "$_[0]: $!"; return scalar <$file> }
    my ($image, $last, $n) = (content("../root.squashfs"), 0, 0);
    for my $name (@ARGV) {
      next if -s $name >= 128 * 1024;
      my $at = index($image, content($name));
      die "$name is at $at, behind $last\n" if $at <= $last;
      ($last, $n) = ($at, $n + 1);
    }
    print $n' "${files[@]}"
  [[ $output -gt 70 ]]
}
