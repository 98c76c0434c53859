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

# offer VERSION CONTENT   puts a version of sand into the archive.
offer() {
  printf '%s\n' "$2" >"$archive/sand_$1.tar"
  index "$1" "$(sha256sum <"$archive/sand_$1.tar")"
}

# index VERSION HASH   makes the archive's index say so.
index() { printf '%s trixie sand_%s.tar %s %s\n' "$1" "$1" "${2%% *}" "copy:$archive/sand_$1.tar" >"$archive/index-$1"; }

lock() { awk '{ print "sand", $2, $1, $3, $4 }' "$archive/index-$1" >"$MICROBEAM_ROOT/rootfs/sources.lock"; }

# withdraw VERSION   takes it out of the index and the archive, which answers 404 then.
withdraw() {
  supersede "$1"
  rm "$archive/sand_$1.tar"
  fake timeout "[[ \$* != *sand_$1.tar* ]] || { echo 'E: 404  Not Found'; exit 100; }" 'exec /usr/bin/timeout "$@"'
}

# supersede VERSION   takes it out of the index alone.
supersede() { rm "$archive/index-$1"; }

have() { [[ $(ls "$MICROBEAM_CACHE/sources/sand" 2>/dev/null) == "$*" ]]; }

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
