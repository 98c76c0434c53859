// SPDX-License-Identifier: Apache-2.0
// A NIF that takes the emulator down with it.
#include <erl_nif.h>

static ERL_NIF_TERM crash(ErlNifEnv *env, int argc, const ERL_NIF_TERM argv[]) {
  (void)env, (void)argc;
  *(volatile char *)0 = 1;
  return argv[0];
}

static ErlNifFunc functions[] = {{"crash", 0, crash, 0}};
ERL_NIF_INIT(matrix, functions, NULL, NULL, NULL, NULL)
