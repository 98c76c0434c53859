# SPDX-License-Identifier: Apache-2.0
# Component "init": /init, from libpid1 and beam-init with the CMake build that ships.
# shellcheck shell=bash disable=SC2034 # the recipe_* variables are read by component.bash

recipe_sources=()
recipe_needs=(toolchain)
recipe_inputs=(CMakeLists.txt libpid1/CMakeLists.txt libpid1/include libpid1/src
  beam-init/CMakeLists.txt beam-init/src scripts/musl-toolchain.cmake)
recipe_tools=(clang-19 lld-19 llvm-19 cmake libabsl-dev)

recipe_build() {
  MICROBEAM_TOOLCHAIN=/deps/toolchain cmake -G Ninja -S /repo -B . \
    -DCMAKE_TOOLCHAIN_FILE=/repo/scripts/musl-toolchain.cmake \
    -DCMAKE_BUILD_TYPE=MinSizeRel -DMICROBEAM_FREESTANDING=ON
  cmake --build . -j "$JOBS"
  # init.debug has the symbols that tests look at; the section table is of no use to a kernel.
  install -m 755 beam-init/beam-init /out/init.debug
  llvm-strip-19 --strip-sections -o /out/init beam-init/beam-init
}
