# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # the recipe_* variables are read by component.bash
# Component "openssl": a static libcrypto with what OTP's crypto application can call. There is no
# libssl: OTP's ssl application speaks TLS 1.2 and 1.3 in Erlang.

recipe_sources=(openssl)
recipe_needs=(toolchain)
recipe_inputs=()
recipe_tools=(perl)

# The multiples of P-256's generator are 150 KB that no compressor makes smaller, a fortieth of an image.
# Without them a signature of that curve takes three times as long, 45 microseconds, and a key exchange half
# as long again; a handshake is milliseconds of Erlang.
openssl_without_table() {
  local c=crypto/ec/ecp_nistz256.c pl=crypto/ec/asm/ecp_nistz256-x86_64.pl
  sed -i 's/if (preComputedTable == NULL && ecp_nistz256_is_affine_G(generator))/if (0)/' "$c"
  # shellcheck disable=SC2016 # Perl
  sed -i 's/^while (@line=splice(@arr,0,16)) {$/while (0) {/' "$pl"
  if ! grep -q 'if (0)' "$c" || ! grep -q '^while (0) {' "$pl"; then
    echo 'ecp_nistz256 has changed: where is its table?' >&2
    return 1
  fi
}

recipe_build() {
  local -a options=(
    linux-x86_64 --prefix=/usr --openssldir=/etc/ssl --api=1.1.1
    CC=/deps/toolchain/bin/x86_64-linux-musl-clang
    AR=/deps/toolchain/bin/x86_64-linux-musl-ar RANLIB=/deps/toolchain/bin/x86_64-linux-musl-ranlib
    # The speed of ciphers and hashes is in the assembly; the rest may be small. OTP's NIF leaves
    # out the functions that it does not reach.
    -Os -ffunction-sections -fdata-sections -fvisibility=hidden -fno-asynchronous-unwind-tables
    # One file, nothing loaded at run time.
    no-shared no-module no-dso no-engine no-autoload-config no-ui-console no-sock no-dgram no-http
    no-apps no-tests no-docs
    # Not reachable from Erlang: protocols that libssl or the command-line tools would speak.
    no-cmp no-cms no-comp no-ct no-multiblock no-ocsp no-quic no-rfc3779 no-srp no-ts
    no-thread-pool no-async
    # Algorithms that OTP does not offer, or only through the legacy provider (MD4, RC4 and so on).
    no-legacy no-argon2 no-aria no-bf no-camellia no-cast no-ec2m no-idea no-md4 no-mdc2 no-ml-dsa
    no-ml-kem no-ocb no-rc2 no-rc4 no-scrypt no-seed no-siphash no-siv no-slh-dsa no-sm2 no-sm3
    no-sm4 no-whirlpool
  )
  unpack openssl
  cd openssl || exit
  openssl_without_table
  ./Configure "${options[@]}"
  step 'compiling'
  # AES-GCM for AVX-512 is unrolled to 700 KB. For a compiler that says it is clang, but tells no
  # version, its generator writes stubs, and the AVX code is used instead.
  make CC='echo clang' crypto/modes/aes-gcm-avx512.s crypto/aes/aesni-xts-avx512.s
  make -j"$JOBS" build_generated libcrypto.a
  mkdir -p /out/include /out/lib
  cp -R include/openssl /out/include/
  rm /out/include/openssl/*.in
  cp libcrypto.a /out/lib/
}
