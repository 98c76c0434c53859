# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # the recipe_* variables are read by component.bash
# Component "inits": inits of containers, static, for the images that ours are measured against. Not in any image of
# ours. tini is Debian's own static program; of dumb-init Debian has one that needs glibc, so it is compiled as its
# authors compile theirs, with musl.

recipe_sources=(tini dumb-init)
recipe_needs=(toolchain)
recipe_inputs=()
recipe_tools=(dpkg)

recipe_build() {
  dpkg-deb -x /src/tini/*.deb .
  install -D -m 755 usr/bin/tini-static /out/sbin/tini
  unpack dumb-init
  # The version is a file that its Makefile turns into a header with xxd.
  printf 'unsigned char VERSION[] = "%s"; unsigned int VERSION_len = sizeof VERSION - 1;\n' \
    "$(tr -d '\n' <dumb-init/VERSION)" >dumb-init/VERSION.h
  /deps/toolchain/bin/x86_64-linux-musl-clang -std=gnu99 -static -s -O3 -o /out/sbin/dumb-init dumb-init/dumb-init.c
}
