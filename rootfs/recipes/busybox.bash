# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # the recipe_* variables are read by component.bash
# Component "busybox": Debian's static BusyBox, for the images that ours are measured against. Not in any
# image of ours.

recipe_sources=(busybox-static)
recipe_needs=()
recipe_inputs=()
recipe_tools=(dpkg)

recipe_build() {
  dpkg-deb -x /src/busybox-static/*.deb .
  # In /bin or in /usr/bin, by the age of the package.
  install -D -m 755 "$(find . -path '*bin/busybox' -type f)" /out/bin/busybox
}
