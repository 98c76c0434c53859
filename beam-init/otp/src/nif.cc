// SPDX-License-Identifier: Apache-2.0
// The NIF of pid1.erl: the control port, without ever blocking a thread of the BEAM, and the hook
// where the emulator leaves.
#include <erl_nif.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "end.h"
#include "pid1/file.h"
#include "pid1/sys.h"

namespace sys = pid1::sys;

/// Ours alone (rootfs/recipes/otp.bash): called with the exit status where the emulator would end
/// the process, in whatever way but abort(3).
extern "C" [[gnu::weak]] void (*erts_exit_hook)(int status);

namespace {

int control = -1;  // the control port
void* port;        // what enif_select knows it by; it has no content
const char* program;
char verb[16];

void at_exit(int status) {
  beam_init::end(program, verb, status, environ);
}

ERL_NIF_TERM failure(ErlNifEnv* env, int code) {
  return enif_make_tuple2(env, enif_make_atom(env, "error"),
                          enif_make_atom(env, code == EAGAIN ? "eagain" : pid1::errno_words(code)));
}

/// open(Path): the control port, once: a second opening of a virtio port is refused (EBUSY), and
/// init:restart() does not close it.
ERL_NIF_TERM open_port(ErlNifEnv* env, int, const ERL_NIF_TERM argv[]) {
  char path[256];
  if (enif_get_string(env, argv[0], path, sizeof(path), ERL_NIF_LATIN1) <= 0) {
    return enif_make_badarg(env);
  }
  if (control < 0) {
    const auto opened =
        pid1::above_standard(sys::open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (!opened.has_value()) return failure(env, opened.error().code);
    control = *opened;
  }
  return enif_make_atom(env, "ok");
}

/// read(): a binary, `eof`, or `again`, and the process gets a message when there is more.
ERL_NIF_TERM read_port(ErlNifEnv* env, int, const ERL_NIF_TERM[]) {
  if (control < 0) return failure(env, EBADF);
  char text[256];
  const auto got = sys::uninterrupted([&] { return sys::read(control, text); });
  if (!got.has_value() && got.error().code != EAGAIN) return failure(env, got.error().code);
  if (got == 0) return enif_make_atom(env, "eof");
  ERL_NIF_TERM term;
  if (got.has_value()) {
    std::memcpy(enif_make_new_binary(env, *got, &term), text, *got);
    return term;
  }
  term = enif_make_atom(env, "undefined");
  if (enif_select(env, control, ERL_NIF_SELECT_READ, port, nullptr, term) < 0) {
    return failure(env, EINVAL);
  }
  return enif_make_atom(env, "again");
}

/// write(Text).
ERL_NIF_TERM write_port(ErlNifEnv* env, int, const ERL_NIF_TERM argv[]) {
  ErlNifBinary text;
  if (enif_inspect_binary(env, argv[0], &text) == 0) return enif_make_badarg(env);
  if (control < 0) return failure(env, EBADF);
  const auto put = sys::uninterrupted(
      [&] { return sys::write(control, {reinterpret_cast<const char*>(text.data), text.size}); });
  return put.has_value() ? enif_make_atom(env, "ok") : failure(env, put.error().code);
}

/// verb(Verb): what follows a stop with status 0.
ERL_NIF_TERM set_verb(ErlNifEnv* env, int, const ERL_NIF_TERM argv[]) {
  if (program == nullptr) {
    return enif_make_tuple2(env, enif_make_atom(env, "error"), enif_make_atom(env, "not_pid1"));
  }
  if (enif_get_atom(env, argv[0], verb, sizeof(verb), ERL_NIF_LATIN1) <= 0) {
    return enif_make_badarg(env);
  }
  return enif_make_atom(env, "ok");
}

void nothing_to_destroy(ErlNifEnv*, void*) {}

void nothing_to_stop(ErlNifEnv*, void*, ErlNifEvent, int) {}

int load(ErlNifEnv* env, void**, ERL_NIF_TERM) {
  // A destructor and a resource that is never released keep this library where it is, with its
  // variables, when init:restart() has unloaded the module: the hook would lead into nothing.
  ErlNifResourceTypeInit callbacks = {};
  callbacks.dtor = nothing_to_destroy;
  callbacks.stop = nothing_to_stop;
  ErlNifResourceType* type = nullptr;
  for (const auto flag : {ERL_NIF_RT_CREATE, ERL_NIF_RT_TAKEOVER}) {
    if (type == nullptr) type = enif_open_resource_type_x(env, "pid1", &callbacks, flag, nullptr);
  }
  if (type == nullptr) return 1;
  if (port == nullptr) port = enif_alloc_resource(type, 1);
  program = beam_init::ender(environ);
  if (program == nullptr) return 0;
  if (&erts_exit_hook == nullptr) return 2;
  erts_exit_hook = at_exit;
  return 0;
}

ErlNifFunc functions[] = {{"open", 1, open_port, 0},
                          {"read", 0, read_port, 0},
                          {"write", 1, write_port, 0},
                          {"verb", 1, set_verb, 0}};

}  // namespace

ERL_NIF_INIT(pid1, functions, load, nullptr, nullptr, nullptr)
