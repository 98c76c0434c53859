#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # set in helper.bash, and by bats
# `clean` removes what the command made, and never anything else.

load helper

setup() { own_folders; }

# made DIR   a folder as the command makes it.
made() {
  mkdir -p "$1"
  echo '# MicroBEAM' >"$1/CACHEDIR.TAG"
}

@test "clean removes the build folder and leaves the cache" {
  made "$MICROBEAM_BUILD"
  mkdir -p "$MICROBEAM_BUILD/images/hello/root" "$MICROBEAM_CACHE/sources/musl"
  ln -s "$MICROBEAM_CACHE" "$MICROBEAM_BUILD/toolchain"
  run -0 "$microbeam" clean
  [[ ! -e $MICROBEAM_BUILD && -d $MICROBEAM_CACHE/sources/musl ]]
}

@test "clean of what was never built is no error" {
  run -0 "$microbeam" clean
  [[ ! -e $MICROBEAM_BUILD ]]
}

@test "clean leaves a folder alone that it did not make" {
  mkdir -p "$MICROBEAM_BUILD/logs"
  echo precious >"$MICROBEAM_BUILD/thesis"
  run --separate-stderr -1 "$microbeam" clean
  says "$MICROBEAM_BUILD" 'left alone' MICROBEAM_BUILD
  [[ -e $MICROBEAM_BUILD/thesis ]]
}

@test "clean --cache names what it removes with its size, and leaves what is not ours" {
  made "$MICROBEAM_CACHE"
  mkdir -p "$MICROBEAM_CACHE"/{sources/musl,components/toolchain-1,apt}
  head -c 3000000 /dev/zero >"$MICROBEAM_CACHE/sources/musl/tar"
  echo precious >"$MICROBEAM_CACHE/thesis"
  run --separate-stderr -0 "$microbeam" clean --cache
  says "$MICROBEAM_CACHE/sources" '2.9M' "$MICROBEAM_CACHE/components"
  run -0 ls "$MICROBEAM_CACHE"
  [[ $output == thesis ]]
}

@test "clean --cache removes an emptied cache" {
  made "$MICROBEAM_CACHE"
  mkdir "$MICROBEAM_CACHE/sources"
  run -0 "$microbeam" clean --cache
  [[ ! -e $MICROBEAM_CACHE ]]
}

@test "clean --cache leaves a folder alone that happens to have sources in it" {
  mkdir -p "$MICROBEAM_CACHE/sources"
  run --separate-stderr -1 "$microbeam" clean --cache
  says "$MICROBEAM_CACHE" 'left alone'
  [[ -d $MICROBEAM_CACHE/sources ]]
}

@test "while another command builds into the folder, clean says so and waits" {
  made "$MICROBEAM_BUILD"
  mkdir "$MICROBEAM_BUILD/logs"
  flock "$MICROBEAM_BUILD/logs/lock" sleep 2 3>&- &
  sleep 0.5
  run --separate-stderr -0 "$microbeam" clean
  says 'another microbeam is at work' "$MICROBEAM_BUILD"
  [[ ! -e $MICROBEAM_BUILD ]]
}
