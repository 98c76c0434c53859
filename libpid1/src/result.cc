// SPDX-License-Identifier: Apache-2.0
#include "pid1/result.h"

#include <string.h>

namespace pid1 {

std::string_view errno_words(int code) { return ::strerror(code); }

}  // namespace pid1
