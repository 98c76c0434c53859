// SPDX-License-Identifier: Apache-2.0
// What headers of the C++ library refer to in paths that cannot be reached here.
#include <version>

#ifdef _LIBCPP_VERSION

#include <__verbose_abort>

// string_view::starts_with and the like go through substr, whose range check would throw; without
// exceptions libc++ calls this, a function that it documents as replaceable. Here it stands in for
// libc++'s object code, which would bring stdio along.
void std::__libcpp_verbose_abort(const char*, ...) {
  __builtin_trap();
}

#endif
