#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2317 # set in helper.bash, and by bats; called by what is tested
# Sources: the lock, drift, downloads that fail. apt itself does the downloading, from a folder here.

load helper

setup() {
  own_project
  library sources
  archive=$BATS_TEST_TMPDIR/archive
  mkdir "$archive"
  offer 1.0 'sand, first'
  echo 'sand trixie source sand' >"$MICROBEAM_ROOT/rootfs/sources.list"
  lock 1.0
  # What these two do needs a signed archive. The rest is as it is.
  sources_apt_update() { sources_apt_directory_of_test; }
  sources_search() { cat "$archive"/index-*; }
}

sources_apt_directory_of_test() {
  mkdir -p "$sources_apt"
  : >"$sources_apt/apt.conf"
}

# offer VERSION CONTENT [PACKAGE]   puts a version of sand, or of PACKAGE, into the archive.
offer() {
  local file=${3:-sand}_$1.tar hash
  printf '%s\n' "$2" >"$archive/$file"
  hash=$(sha256sum <"$archive/$file")
  printf '%s trixie %s %s %s\n' "$1" "$file" "${hash%% *}" "copy:$archive/$file" >"$archive/index-${3:+$3-}$1"
}

lock() { awk '{ print "sand", $2, $1, $3, $4 }' "$archive/index-$1" >"$MICROBEAM_ROOT/rootfs/sources.lock"; }

# withdraw VERSION [FILE]   takes it out of the index and the archive, which answers 404 then.
withdraw() {
  local file=${2:-sand_$1}.tar
  supersede "$1"
  rm "$archive/$file"
  fake timeout "[[ \$* != *$file* ]] || { echo 'E: 404  Not Found'; exit 100; }" 'exec /usr/bin/timeout "$@"'
}

# supersede VERSION   takes it out of the index alone.
supersede() { rm "$archive/index-$1"; }

have() { (cd "$MICROBEAM_CACHE/sources/sand" && [[ $(echo *) == "$*" ]]); }

@test "a source is fetched as locked, and then needs no network" {
  offer 2.0 'sand, second'
  run -0 sources_fetch sand
  [[ $output != *warning* ]]
  [[ $(<"$MICROBEAM_CACHE/sources/sand/sand_1.0.tar") == 'sand, first' ]]
  sources_search() { exit 9; }
  run -0 sources_fetch sand
  [[ -z $output && ! -e $MICROBEAM_BUILD/sources.lock ]]
}

@test "drift: the newest there is, a warning with both versions, build/sources.lock" {
  offer 1.9 'sand, third'
  offer 1.10 'sand, second'
  withdraw 1.0
  run --separate-stderr -0 sources_fetch sand
  says warning sand 1.0 1.10 'cp '
  grep -q '^sand trixie 1.10 ' "$MICROBEAM_BUILD/sources.lock"
  [[ $(sources_version sand) == 1.10 ]]
}

@test "a locked version that the index no longer names is fetched while the archive has it" {
  offer 2.0 'sand, second'
  supersede 1.0
  MICROBEAM_LOCKED=1 run -0 sources_fetch sand
  [[ $output != *warning* && $(<"$MICROBEAM_CACHE/sources/sand/sand_1.0.tar") == 'sand, first' ]]
  [[ ! -e $MICROBEAM_BUILD/sources.lock ]]
}

@test "an index that names a version which the archive has not got yet: the locked one is fetched" {
  offer 2.0 'sand, second'
  supersede 1.0
  rm "$archive/sand_2.0.tar"
  run -0 sources_fetch sand
  [[ $(<"$MICROBEAM_CACHE/sources/sand/sand_1.0.tar") == 'sand, first' ]]
}

@test "drift with --locked: an error that names the package and both versions" {
  offer 2.0 'sand, second'
  withdraw 1.0
  MICROBEAM_LOCKED=1 run --separate-stderr -1 sources_fetch sand
  says error sand 1.0 2.0 'without --locked'
  [[ ! -e $MICROBEAM_BUILD/sources.lock ]]
}

@test "a file that arrives damaged: named, deleted, and what to do" {
  printf 'sand, forged\n' >"$archive/sand_1.0.tar"
  run --separate-stderr -1 sources_fetch sand
  says sand 'sand_1.0.tar'
  [[ -z $(find "$MICROBEAM_CACHE/sources/sand" -name '*.tar' -not -path '*/partial/*') ]]
  offer 1.0 'sand, first'
  run -0 sources_fetch sand
  [[ -e $MICROBEAM_CACHE/sources/sand/sand_1.0.tar ]]
}

@test "a download that fails: the package, what to try, no half file; running again resumes" {
  mv "$archive/sand_1.0.tar" "$archive/away"
  run --separate-stderr -1 sources_fetch sand
  says 'package sand' 'sand_1.0.tar' 'again'
  [[ ! -e $MICROBEAM_CACHE/sources/sand/sand_1.0.tar ]]
  mv "$archive/away" "$archive/sand_1.0.tar"
  run -0 sources_fetch sand
  [[ -e $MICROBEAM_CACHE/sources/sand/sand_1.0.tar ]]
}

@test "a file in the cache that was altered is fetched again" {
  run -0 sources_fetch sand
  echo altered >"$MICROBEAM_CACHE/sources/sand/sand_1.0.tar"
  run -0 sources_fetch sand
  [[ $(<"$MICROBEAM_CACHE/sources/sand/sand_1.0.tar") == 'sand, first' ]]
}

@test "a package that the archive has not got is named, with where to look" {
  withdraw 1.0
  sources_search() { :; }
  run --separate-stderr -1 sources_fetch sand
  says 'package sand' 'suite trixie' "$MICROBEAM_CACHE/apt/sources.list"
}

# a_system   sand is a system of two packages, both locked as they are in the archive.
a_system() {
  echo 'sand trixie system sand,clay' >"$MICROBEAM_ROOT/rootfs/sources.list"
  offer 3.0 'clay, first' clay
  wanted_now='sand 1.0 clay 3.0'
  # shellcheck disable=SC2086 # pairs
  sources_apt_get() { printf 'Inst %s (%s Debian:12/stable [amd64])\n' $wanted_now; }
  awk '{ print "sand", $2, $1, $3, $4 }' "$archive"/index-{1.0,clay-3.0} >"$MICROBEAM_ROOT/rootfs/sources.lock"
}

@test "a system: each of its packages as locked, and then no network" {
  a_system
  MICROBEAM_LOCKED=1 run -0 sources_fetch sand
  have clay_3.0.tar partial sand_1.0.tar
  sources_apt_get() { exit 9; }
  run -0 sources_fetch sand
  [[ -z $output && ! -e $MICROBEAM_BUILD/sources.lock ]]
}

@test "a system: a newer package changes nothing while the archive has all that are locked" {
  a_system
  offer 3.1 'clay, second' clay
  rm "$archive/index-clay-3.0"
  wanted_now='sand 1.0 clay 3.1'
  MICROBEAM_LOCKED=1 run -0 sources_fetch sand
  [[ $(<"$MICROBEAM_CACHE/sources/sand/clay_3.0.tar") == 'clay, first' ]]
}

@test "a system: where a locked package is gone it is as apt chooses now, and that package is named" {
  a_system
  offer 3.1 'clay, second' clay
  withdraw clay-3.0 clay_3.0
  wanted_now='sand 1.0 clay 3.1'
  MICROBEAM_LOCKED=1 run --separate-stderr -1 sources_fetch sand
  says error clay 3.0 3.1 'without --locked'
  run --separate-stderr -0 sources_fetch sand
  says warning clay 3.0 3.1 'cp '
  [[ $(<"$MICROBEAM_CACHE/sources/sand/clay_3.1.tar") == 'clay, second' ]]
  grep -q '^sand trixie 3.1 clay_3.1.tar ' "$MICROBEAM_BUILD/sources.lock"
}

@test "a system of which the archive has not got all: an error" {
  a_system
  wanted_now='sand 1.0 clay 3.0 loam 1'
  : >"$MICROBEAM_ROOT/rootfs/sources.lock"
  run --separate-stderr -1 sources_fetch sand
  says error 'sand' 'no complete set'
}

@test "every source that a recipe of this project asks for is in sources.list and locked" {
  export MICROBEAM_ROOT=$repository
  library component
  for recipe in "$repository"/rootfs/recipes/*.bash "$repository/kernel/recipe.bash"; do
    [[ $recipe == */kernel/* ]] && name=kernel || name=$(basename "$recipe" .bash)
    for source in $(component_list "$name" sources); do
      grep -q "^$source " "$repository/rootfs/sources.list"
      grep -q "^$source " "$repository/rootfs/sources.lock"
    done
  done
}
