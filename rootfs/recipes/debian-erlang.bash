# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # the recipe_* variables are read by component.bash
# Component "debian-erlang": a root with Debian's own erlang-base, and the libraries of beam.smp: for
# the test that the same /init starts systems of glibc. Not in any image.

recipe_sources=(erlang-base libc6 libgcc-s1 libstdc++6 libtinfo6 zlib1g)
recipe_needs=()
recipe_inputs=()
recipe_tools=(dpkg)

recipe_build() {
  local package
  # As a merged /usr: the packages of bookworm still have files in /lib.
  mkdir -p /out/usr/lib /out/usr/lib64 /out/usr/bin /out/usr/sbin
  ln -s usr/lib usr/lib64 usr/bin usr/sbin /out/
  for package in /src/*/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C /out
  done
  rm -r /out/usr/share
}
