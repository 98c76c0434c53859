#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The assembly on the sample release and on broken ones: messages, what is staged, same bytes twice.
# Uses the components in the cache; `scripts/microbeam build` makes them.

setup_file() {
  # shellcheck source=../../scripts/lib/component.bash
  source "$BATS_TEST_DIRNAME/../../scripts/lib/component.bash"
  local name path
  for name in toolchain otp kernel hello; do
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
    [release]=$release [vm]=emu [profile]=small [init]=$BATS_TEST_TMPDIR/init-0
    [toolchain]=$component_toolchain [otp]=$component_otp [kernel]=$component_kernel
    [hello]=$component_hello
  )
  cp -r "${from[hello]}" "$release"
  chmod -R u+w "$release"
  mkdir "$root" "${from[init]}"
  cp /bin/true "${from[init]}/init"
  version=$(cut -d ' ' -f 2 "$release/releases/start_erl.data")
}

stage_release() {
  image_escript "$root" stage_release.escript "${from[otp]}/usr/lib/erlang" "$release" "$root"
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
  rm "$release/releases/start_erl.data"
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
  for key in vm profile otp toolchain kernel init; do
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
