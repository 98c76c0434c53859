#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs libpid1 and builds somebody else's program with it, away from this tree:
#   package.bash host-cmake       the host's archive, find_package, g++
#   package.bash host-pkgconfig   the host's archive, pkg-config, clang-19
#   package.bash musl-cmake       what ships, find_package, the toolchain file (with LTO)
#   package.bash musl-pkgconfig   what ships, pkg-config, the bare compiler (without LTO)
# Needs the target pid1 of the preset built in MICROBEAM_BUILD, and the toolchain in it.
set -euo pipefail
shopt -s inherit_errexit

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${MICROBEAM_BUILD:?the folder with the builds of the presets; scripts/microbeam test package sets it}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# install_moved PRESET   installs, and then moves what was installed: nothing in it may name a place.
install_moved() {
  cmake --install "$build/$1" --prefix "$work/first" >"$work/log"
  mv "$work/first" "$work/prefix"
  cp -r "$here/consumer" "$work/consumer"
  # The example of its README, as it stands there.
  # shellcheck disable=SC2016 # the backquotes are Markdown's
  sed -n '/^```cpp$/,/^```$/{/^```/!p}' "$here/../../libpid1/README.md" >"$work/consumer/readme.cc"
  (cd "$work/prefix/include" && printf '#include "%s"\n' pid1/*.h) >"$work/consumer/every_header.h"
}

# with_cmake OPTION...
with_cmake() {
  cmake -G Ninja -S "$work/consumer" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" "$@"
  cmake --build "$work/build" -v
  runs "$work/build/consumer"
}

# with_pkgconfig COMPILER OPTION...
with_pkgconfig() {
  local flags
  flags=$(PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name pid1.pc)") pkg-config --cflags --libs pid1)
  # shellcheck disable=SC2086 # words
  "$@" -std=c++23 -Wall -Wextra -Werror "$work/consumer/main.cc" $flags -o "$work/consumer/consumer"
  runs "$work/consumer/consumer"
}

# runs PROGRAM   fails unless it says what it should.
runs() {
  local said
  said=$(timeout 10 "$1")
  [[ $said == '3 words' ]] || {
    printf '%s said: %s\n' "$1" "$said" >&2
    return 1
  }
}

install_moved "${1%%-*}"
case $1 in
  host-cmake) with_cmake -DCMAKE_CXX_COMPILER=g++ ;;
  host-pkgconfig) with_pkgconfig clang++-19 ;;
  musl-cmake)
    export MICROBEAM_TOOLCHAIN=$build/toolchain
    with_cmake -DCMAKE_TOOLCHAIN_FILE="$here/../../scripts/musl-toolchain.cmake" -DCMAKE_BUILD_TYPE=MinSizeRel
    ;;
  musl-pkgconfig) with_pkgconfig "$build/toolchain/bin/x86_64-linux-musl-clang++" -static ;;
  *)
    printf 'package.bash: no %s\n' "$1" >&2
    exit 2
    ;;
esac
