# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # the recipe_* variables are read by component.bash
# Component "toolchain": clang 19 and lld for x86_64-linux-musl, with everything static that C and
# C++ need: musl, the kernel's headers, libunwind, libc++abi and libc++.
#
#   bin/x86_64-linux-musl-{clang,clang++,ar,...}   work from wherever this folder is
#   sysroot/                                       usr/include, usr/lib, lib/ld-musl-x86_64.so.1

recipe_sources=(musl llvm linux-source-6.12)
recipe_needs=()
recipe_inputs=()
recipe_tools=(clang-19 lld-19 llvm-19 libclang-rt-19-dev libc6-dev cmake)

sysroot=/out/sysroot

# The drivers find the sysroot from their own place, so that the toolchain may be moved or linked to.
toolchain_drivers() {
  local tool
  mkdir -p /out/bin
  cat >/out/bin/x86_64-linux-musl-clang <<'SH'
#!/bin/sh
here=${0%/*}
exec /usr/bin/clang-19 --target=x86_64-linux-musl --sysroot="$here/../sysroot" \
  --start-no-unused-arguments --rtlib=compiler-rt --unwindlib=libunwind -fuse-ld=lld \
  --end-no-unused-arguments "$@"
SH
  # A libc++ installed on the build machine would be found before the sysroot's: name ours.
  cat >/out/bin/x86_64-linux-musl-clang++ <<'SH'
#!/bin/sh
here=${0%/*}
exec /usr/bin/clang++-19 --target=x86_64-linux-musl --sysroot="$here/../sysroot" \
  --start-no-unused-arguments --rtlib=compiler-rt --unwindlib=libunwind -fuse-ld=lld \
  -stdlib=libc++ -nostdinc++ -isystem "$here/../sysroot/usr/include/c++/v1" \
  --end-no-unused-arguments "$@"
SH
  chmod 755 /out/bin/*
  for tool in ar nm objcopy objdump ranlib readelf size strings strip; do
    ln -s "/usr/bin/llvm-$tool-19" "/out/bin/x86_64-linux-musl-$tool"
  done
  ln -s /usr/bin/ld.lld-19 /out/bin/x86_64-linux-musl-ld
}

toolchain_kernel_headers() {
  unpack_part linux-source-6.12 Makefile scripts include/uapi include/asm-generic tools/include \
    arch/x86/Makefile arch/x86/include arch/x86/entry/syscalls arch/x86/tools
  make -C linux-source-6.12 ARCH=x86_64 HOSTCC=clang-19 INSTALL_HDR_PATH="$sysroot/usr" headers_install
}

# A CPU with AMX saves some 11 KB of registers on a signal stack. musl's SIGSTKSZ of 8192 is then
# too small, and the BEAM's JIT, which asks for just that much, aborts at its start.
toolchain_musl_sigstksz() {
  sed -i 's/^#define SIGSTKSZ 8192$/#define SIGSTKSZ 65536/' musl/arch/x86_64/bits/signal.h
  printf '#include <signal.h>\n_Static_assert(SIGSTKSZ == 65536, "the header has changed");\n' |
    clang-19 --target=x86_64-linux-musl -D_GNU_SOURCE -nostdinc -Imusl/arch/x86_64 \
      -Imusl/arch/generic -Imusl/include -Imusl/obj/include -fsyntax-only -x c -
}

toolchain_musl() {
  local builtins
  builtins=$(clang-19 --target=x86_64-linux-musl --rtlib=compiler-rt -print-libgcc-file-name)
  unpack musl
  (
    cd musl || exit
    ./configure --target=x86_64-linux-musl --prefix=/usr --syslibdir=/lib \
      CC='clang-19 --target=x86_64-linux-musl' LDFLAGS=-fuse-ld=lld LIBCC="$builtins" \
      AR=llvm-ar-19 RANLIB=llvm-ranlib-19
    make obj/include/bits/alltypes.h
  )
  toolchain_musl_sigstksz
  make -C musl -j"$JOBS"
  make -C musl DESTDIR="$sysroot" install
  # The loader is the C library; an absolute link would point at the build machine's.
  mv "$sysroot/usr/lib/libc.so" "$sysroot/lib/ld-musl-x86_64.so.1"
  ln -s ../../lib/ld-musl-x86_64.so.1 "$sysroot/usr/lib/libc.so"
}

# Without locales, files and wide characters: what the BEAM's JIT and host
# tools do not use is not there to grow them.
toolchain_libcxx() {
  local -a options=(
    -G Ninja -S llvm/runtimes -B runtimes -Wno-dev
    -DLLVM_ENABLE_RUNTIMES='libunwind;libcxxabi;libcxx' -DLLVM_INCLUDE_TESTS=OFF
    -DLLVM_INCLUDE_DOCS=OFF -DLIBCXX_INCLUDE_DOCS=OFF
    -DCMAKE_INSTALL_PREFIX="$sysroot/usr" -DCMAKE_BUILD_TYPE=MinSizeRel
    -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY
    -DCMAKE_C_COMPILER=/out/bin/x86_64-linux-musl-clang
    -DCMAKE_CXX_COMPILER=/out/bin/x86_64-linux-musl-clang++
    -DCMAKE_ASM_COMPILER=/out/bin/x86_64-linux-musl-clang
    -DCMAKE_AR=/usr/bin/llvm-ar-19 -DCMAKE_RANLIB=/usr/bin/llvm-ranlib-19
    -DCMAKE_C_FLAGS='-ffunction-sections -fdata-sections'
    -DCMAKE_CXX_FLAGS='-ffunction-sections -fdata-sections'
    -DLIBUNWIND_ENABLE_SHARED=OFF -DLIBUNWIND_USE_COMPILER_RT=ON
    -DLIBCXXABI_ENABLE_SHARED=OFF -DLIBCXXABI_USE_COMPILER_RT=ON
    -DLIBCXXABI_USE_LLVM_UNWINDER=ON -DLIBCXXABI_SILENT_TERMINATE=ON
    -DLIBCXX_ENABLE_SHARED=OFF -DLIBCXX_USE_COMPILER_RT=ON -DLIBCXX_HAS_MUSL_LIBC=ON
    -DLIBCXX_ENABLE_STATIC_ABI_LIBRARY=ON
    -DLIBCXX_ENABLE_LOCALIZATION=OFF -DLIBCXX_ENABLE_FILESYSTEM=OFF
    -DLIBCXX_ENABLE_WIDE_CHARACTERS=OFF -DLIBCXX_ENABLE_TIME_ZONE_DATABASE=OFF
    -DLIBCXX_INCLUDE_BENCHMARKS=OFF
  )
  unpack_part llvm runtimes cmake llvm/cmake 'lib*/CMakeLists.txt' 'lib*/cmake' 'lib*/include' \
    'lib*/src' libcxx/modules libcxx/utils libcxx/vendor
  cmake "${options[@]}"
  cmake --build runtimes -j "$JOBS"
  cmake --install runtimes
}

recipe_build() {
  toolchain_drivers
  step 'kernel headers'
  toolchain_kernel_headers
  step 'musl'
  toolchain_musl
  step 'libunwind, libc++abi, libc++'
  toolchain_libcxx
}
