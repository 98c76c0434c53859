// SPDX-License-Identifier: Apache-2.0
// The little of JSON that the tools write and read.
#ifndef MICROBEAM_BENCH_COMMON_JSON_H
#define MICROBEAM_BENCH_COMMON_JSON_H

#include <absl/strings/string_view.h>

#include <cstdint>
#include <optional>
#include <string>

namespace microbeam {

// `text` as a JSON string with its quotes. Bytes beyond ASCII are taken for UTF-8 and left alone.
std::string json_string(absl::string_view text);

// The integer that the first key of that name has in `json`, at whatever depth; nothing if there is
// no such key or its value is no integer. Text that merely looks like the key, inside a string, is
// none.
std::optional<int64_t> json_integer(absl::string_view json, absl::string_view key);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_COMMON_JSON_H
