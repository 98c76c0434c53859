# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # the recipe_* variables are read by component.bash
# Component "pid1": the OTP application of beam-init/otp, as pid1-VERSION/{ebin,priv}.

recipe_sources=()
recipe_needs=(toolchain otp)
recipe_inputs=(CMakeLists.txt libpid1/CMakeLists.txt libpid1/include libpid1/src libpid1/examples
  beam-init/CMakeLists.txt beam-init/src beam-init/otp/CMakeLists.txt beam-init/otp/src
  scripts/musl-toolchain.cmake)
recipe_tools=(clang-19 lld-19 llvm-19 cmake libabsl-dev)

recipe_build() {
  local version app
  version=$(sed -n 's/^project(microbeam VERSION \([0-9.]*\).*/\1/p' /repo/CMakeLists.txt)
  app=/out/pid1-$version
  mkdir -p "$app"/{ebin,priv}
  MICROBEAM_TOOLCHAIN=/deps/toolchain cmake -G Ninja -S /repo -B . \
    -DCMAKE_TOOLCHAIN_FILE=/repo/scripts/musl-toolchain.cmake \
    -DCMAKE_BUILD_TYPE=MinSizeRel -DMICROBEAM_FREESTANDING=ON \
    -DMICROBEAM_ERL_INCLUDE=/deps/otp/usr/lib/erlang/usr/include
  cmake --build . -j "$JOBS" --target pid1_nif
  llvm-strip-19 --strip-all -o "$app/priv/pid1.so" beam-init/otp/pid1.so
  /deps/otp/usr/lib/erlang/bin/erlc +deterministic -Werror -o "$app/ebin" \
    /repo/beam-init/otp/src/*.erl
  sed "s/@VERSION@/$version/" /repo/beam-init/otp/src/pid1.app.in >"$app/ebin/pid1.app"
}
