# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # the recipe_* variables are read by component.bash
# Component "kernel-small": the kernel of profiles small and fast: for one processor, without ext4,
# optimized as a whole by clang. kernel/small has what it differs in.

recipe_sources=(linux-source-6.12)
recipe_needs=()
recipe_inputs=(kernel/recipe.bash kernel/fragments kernel/patches kernel/small)
# gcc compiles the tools that run during the build, xz compresses bzImage.
recipe_tools=(clang-19 lld-19 llvm-19 gcc-12 binutils xz-utils)

recipe_build() {
  # shellcheck source=../../kernel/recipe.bash
  source /repo/kernel/recipe.bash
  unpack linux-source-6.12
  cd linux-source-6.12 || exit
  step 'patching'
  cat /repo/kernel/patches/*.patch /repo/kernel/small/*.patch | patch -p1 --fuzz=0
  # As kernel_make of the other, but for the compiler.
  kernel_make() {
    local date
    date=$(date -u -d "@$SOURCE_DATE_EPOCH")
    make -j"$JOBS" ARCH=x86_64 LLVM=-19 HOSTCC=gcc-12 RUSTC=/nonexistent PAHOLE=/nonexistent KCFLAGS=-Oz \
      KBUILD_BUILD_TIMESTAMP="$date" KBUILD_BUILD_VERSION=1 \
      KBUILD_BUILD_USER=microbeam KBUILD_BUILD_HOST=microbeam "$@"
  }
  step 'configuring'
  kernel_override /repo/kernel/small/small.config
  kernel_configure "${kernel_fragments[@]}"
  step 'compiling'
  kernel_make vmlinux bzImage
  kernel_install
}
