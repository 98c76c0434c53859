# SPDX-License-Identifier: Apache-2.0
# Component "init": /init, and libpid1's examples, with the CMake build that ships.
# shellcheck shell=bash disable=SC2034 # the recipe_* variables are read by component.bash

recipe_sources=()
recipe_needs=(toolchain)
recipe_inputs=(CMakeLists.txt libpid1/CMakeLists.txt libpid1/include libpid1/src libpid1/examples
  beam-init/CMakeLists.txt beam-init/src scripts/musl-toolchain.cmake)
recipe_tools=(clang-19 lld-19 llvm-19 cmake libabsl-dev)

recipe_build() {
  MICROBEAM_TOOLCHAIN=/deps/toolchain cmake -G Ninja -S /repo -B . \
    -DCMAKE_TOOLCHAIN_FILE=/repo/scripts/musl-toolchain.cmake \
    -DCMAKE_BUILD_TYPE=MinSizeRel -DMICROBEAM_FREESTANDING=ON
  cmake --build . -j "$JOBS"
  # NAME.debug has the symbols that tests look at; the section table is of no use to a kernel.
  install -m 755 beam-init/beam-init /out/init.debug
  install -m 755 libpid1/examples/container-init /out/container-init.debug
  install -m 755 libpid1/examples/rescue-init /out/rescue-init.debug
  for program in init container-init rescue-init; do
    llvm-strip-19 --strip-sections -o "/out/$program" "/out/$program.debug"
  done
}
