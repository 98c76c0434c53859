// SPDX-License-Identifier: Apache-2.0
// The first instructions of a static program that has nothing but this library (pid1::start). The C
// library's start-up sets up threads, locales and stdio; none of it is used here, and it would be a
// tenth of the file.

#include <cstddef>

#include "pid1/sys.h"

/// The program's, by the name that it has in the object file: C++ lets nobody call main. All three
/// parameters must be there, for a call with another number is undefined.
extern "C" int program(int argc, char** argv, char** envp) asm("main");

// What the compiler may call. musl's take a word at a time, in 500 bytes more; here a text has a
// hundred. no_builtin: or each would become a call of itself.
extern "C" {

[[gnu::used, clang::no_builtin]] size_t strlen(const char* text) {
  size_t size = 0;
  while (text[size] != '\0')
    ++size;
  return size;
}

[[gnu::used, clang::no_builtin]] void* memset(void* to, int byte, size_t size) {
  char* const bytes = static_cast<char*>(to);
  while (size-- > 0)
    bytes[size] = static_cast<char>(byte);
  return to;
}

[[gnu::used, clang::no_builtin]] void* memmove(void* to, const void* from, size_t size) {
  char* const target = static_cast<char*>(to);
  const char* const source = static_cast<const char*>(from);
  if (target > source) {
    while (size-- > 0)
      target[size] = source[size];
  } else {
    for (size_t i = 0; i < size; ++i)
      target[i] = source[i];
  }
  return to;
}

[[gnu::used, clang::no_builtin]] void* memcpy(void* to, const void* from, size_t size) {
  return memmove(to, from, size);
}
}

// The kernel leaves argc at the stack pointer, argv behind it, and envp behind argv's NULL (System
// V ABI, "Process Initialization"). Named by the instructions below, which the compiler does not
// look into.
extern "C" [[noreturn, gnu::used]] void start(long* stack) {
  char** const argv = reinterpret_cast<char**>(stack + 1);
  pid1::sys::exit(program(static_cast<int>(*stack), argv, argv + *stack + 1));
}

#if defined(__x86_64__)
asm(R"(
  .globl _start
  .type _start, @function
_start:
  xor %ebp, %ebp
  mov %rsp, %rdi
  and $-16, %rsp
  call start
)");
#elif defined(__aarch64__)
asm(R"(
  .globl _start
  .type _start, %function
_start:
  mov x29, #0
  mov x30, #0
  mov x0, sp
  and sp, x0, #-16
  bl start
)");
#endif
