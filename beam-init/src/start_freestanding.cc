// SPDX-License-Identifier: Apache-2.0
// The first instructions of the static /init. The C library's start-up sets up threads, locales and
// stdio; none of it is used here, and it would be a tenth of the file.
#include "pid1/sys.h"
#include "run.h"

// The kernel leaves argc at the stack pointer and argv behind it (System V ABI, "Process
// Initialization").
// Named by the instructions below, which the compiler does not look into.
extern "C" [[noreturn, gnu::used]] void start(long* stack) {
  pid1::sys::exit(beam_init::run(static_cast<int>(*stack), reinterpret_cast<char**>(stack + 1)));
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
