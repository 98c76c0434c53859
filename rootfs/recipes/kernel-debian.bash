# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # the recipe_* variables are read by component.bash
# Component "kernel-debian": the kernel with what systemd cannot do without, for the image of "debian".

recipe_sources=(linux-source-6.12)
recipe_needs=()
recipe_inputs=(kernel/recipe.bash kernel/fragments kernel/patches bench/kernel-debian.config)
recipe_tools=(gcc-12 binutils zstd)

recipe_build() {
  # shellcheck source=../../kernel/recipe.bash
  source /repo/kernel/recipe.bash
  kernel_override /repo/bench/kernel-debian.config
  # That of the kernel.
  recipe_build
}
