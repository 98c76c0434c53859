# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For every file here: the command works in folders of the test's own, and a little project of the
# test's own stands in for this one where something has to be built.

load ../helper

repository=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
export microbeam=$repository/scripts/microbeam

# own_folders   sends what the command writes to the test's folder.
own_folders() {
  export MICROBEAM_BUILD=$BATS_TEST_TMPDIR/build
  export MICROBEAM_CACHE=$BATS_TEST_TMPDIR/cache
  unset MICROBEAM_LOCKED
}

# own_project   makes a project with a recipe "stone" that needs nothing, and loads the build system.
own_project() {
  own_folders
  export MICROBEAM_ROOT=$BATS_TEST_TMPDIR/project
  mkdir -p "$MICROBEAM_ROOT"/{rootfs/recipes,data}
  : >"$MICROBEAM_ROOT/rootfs/sources.list"
  : >"$MICROBEAM_ROOT/rootfs/sources.lock"
  printf 'one\n' >"$MICROBEAM_ROOT/data/file"
  recipe stone '' '' data '' 'cp /repo/data/file /out/; printf built'
}

# recipe NAME SOURCES NEEDS INPUTS TOOLS BODY   writes a recipe of the project.
recipe() {
  cat >"$MICROBEAM_ROOT/rootfs/recipes/$1.bash" <<RECIPE
recipe_sources=($2)
recipe_needs=($3)
recipe_inputs=($4)
recipe_tools=($5)
recipe_build() { $6; }
RECIPE
}

# library NAME...   loads files of scripts/lib as the command does.
library() {
  local name
  for name in "$@"; do
    # shellcheck source=/dev/null
    source "$repository/scripts/lib/$name.bash"
  done
}

# strictly COMMAND...   runs a function of the build system as the command would: bats' run switches
# errexit off in what it runs.
strictly() {
  bash -euo pipefail -c 'source "$1"; shift; "$@"' strictly "$repository/scripts/lib/component.bash" "$@"
}

# fails COMMAND...   true if COMMAND fails. bats does not look at what stands after "!".
fails() {
  if "$@"; then
    return 1
  fi
}

# fake NAME LINE...   puts a program in front of PATH.
fake() {
  local name=$1
  shift
  mkdir -p "$BATS_TEST_TMPDIR/bin"
  printf '%s\n' '#!/bin/bash' "$@" >"$BATS_TEST_TMPDIR/bin/$name"
  chmod 755 "$BATS_TEST_TMPDIR/bin/$name"
  PATH=$BATS_TEST_TMPDIR/bin:$PATH
}
