// SPDX-License-Identifier: Apache-2.0
// The files that ship: static, small, without an allocator; and /init as a person starts it.
#include <elf.h>
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <sstream>
#include <stdexcept>

#include "boot.h"

namespace microbeam {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::string path_from(const char* variable) {
  const char* const path = getenv(variable);
  if (path == nullptr) throw std::runtime_error(std::string(variable) + " is not set");
  return path;
}

/// An ELF file of this machine's word size and byte order.
class Elf {
 public:
  explicit Elf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    if (bytes_.size() < sizeof(Elf64_Ehdr) || !bytes_.starts_with(ELFMAG)) {
      throw std::runtime_error(path + " is no ELF file");
    }
  }

  [[nodiscard]] Elf64_Ehdr header() const { return table<Elf64_Ehdr>(0, 1).front(); }
  [[nodiscard]] std::vector<Elf64_Phdr> segments() const {
    return table<Elf64_Phdr>(header().e_phoff, header().e_phnum);
  }
  [[nodiscard]] std::vector<Elf64_Phdr> segments(uint32_t type) const {
    std::vector<Elf64_Phdr> found = segments();
    std::erase_if(found, [&](const Elf64_Phdr& segment) { return segment.p_type != type; });
    return found;
  }

  /// Names that the symbol table defines; empty for a stripped file.
  [[nodiscard]] std::vector<std::string> defined_symbols() const {
    std::vector<std::string> names;
    const auto sections = table<Elf64_Shdr>(header().e_shoff, header().e_shnum);
    for (const Elf64_Shdr& section : sections) {
      if (section.sh_type != SHT_SYMTAB) continue;
      const Elf64_Shdr& strings = sections.at(section.sh_link);
      for (const Elf64_Sym& symbol :
           table<Elf64_Sym>(section.sh_offset, section.sh_size / sizeof(Elf64_Sym))) {
        if (symbol.st_shndx == SHN_UNDEF) continue;
        names.emplace_back(bytes_.c_str() + strings.sh_offset + symbol.st_name);
      }
    }
    return names;
  }

 private:
  template <class Entry>
  [[nodiscard]] std::vector<Entry> table(size_t offset, size_t count) const {
    if (offset + count * sizeof(Entry) > bytes_.size()) throw std::runtime_error("cut ELF file");
    std::vector<Entry> entries(count);
    memcpy(entries.data(), bytes_.data() + offset, count * sizeof(Entry));
    return entries;
  }

  std::string bytes_;
};

/// A limit of tests/budgets.tsv.
uintmax_t budget(const std::string& wanted) {
  std::ifstream file(MICROBEAM_BUDGETS);
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string name;
    uintmax_t limit = 0;
    if (fields >> name >> limit && name == wanted) return limit;
  }
  throw std::runtime_error("budgets.tsv has no " + wanted);
}

/// What ships, and the same with its symbols.
struct Program {
  const char* file;
  const char* debug;
  const char* budget;
};

void PrintTo(const Program& program, std::ostream* out) {
  *out << program.file;
}

class BinaryTest : public testing::TestWithParam<Program> {};

INSTANTIATE_TEST_SUITE_P(
    Programs, BinaryTest,
    testing::Values(Program{"MICROBEAM_INIT", "MICROBEAM_INIT_DEBUG", "init_bytes"},
                    Program{"MICROBEAM_CONTAINER_INIT", "MICROBEAM_CONTAINER_INIT_DEBUG",
                            "container_init_bytes"},
                    Program{"MICROBEAM_RESCUE_INIT", "MICROBEAM_RESCUE_INIT_DEBUG",
                            "rescue_init_bytes"}),
    [](const auto& program) { return std::string(program.param.file); });

TEST_P(BinaryTest, IsStaticAndNeedsNoInterpreter) {
  const Elf init(path_from(GetParam().file));
  EXPECT_THAT(init.segments(PT_INTERP), IsEmpty());
  EXPECT_THAT(init.segments(PT_DYNAMIC), IsEmpty());
  EXPECT_EQ(init.header().e_type, ET_EXEC);
}

TEST_P(BinaryTest, NoMemoryIsBothWritableAndExecutable) {
  const Elf init(path_from(GetParam().file));
  for (const Elf64_Phdr& segment : init.segments(PT_LOAD)) {
    EXPECT_NE(segment.p_flags & (PF_W | PF_X), static_cast<uint32_t>(PF_W | PF_X));
  }
  ASSERT_THAT(init.segments(PT_GNU_STACK), SizeIs(1));
  EXPECT_EQ(init.segments(PT_GNU_STACK).front().p_flags & PF_X, 0U);
}

TEST_P(BinaryTest, FileIsWithinItsBudget) {
  EXPECT_LE(std::filesystem::file_size(path_from(GetParam().file)), budget(GetParam().budget));
}

TEST_P(BinaryTest, DefinesNoAllocatorAndNoRuntimeOfCxx) {
  const auto symbols = Elf(path_from(GetParam().debug)).defined_symbols();
  ASSERT_THAT(symbols, Not(IsEmpty())) << GetParam().debug << " must be the file before stripping";
  // Allocation, exceptions, run-time type information, stdio.
  constexpr std::array kUnwanted = {
      "malloc",        "calloc", "realloc",     "_Znw",    "_Zna",        "_Zdl",   "_Zda",
      "__expand_heap", "_ZTI",   "__cxa_throw", "_Unwind", "__cxa_guard", "printf", "fwrite"};
  for (const std::string& name : symbols) {
    EXPECT_NE(name, "free");
    for (const char* unwanted : kUnwanted) {
      EXPECT_EQ(name.find(unwanted), std::string::npos) << name;
    }
  }
}

struct Said {
  std::string text;
  int status;
};

/// What a person sees who starts it, as any process but PID 1.
Said run_by_hand(const std::string& arguments) {
  FILE* const pipe = popen((path_from("MICROBEAM_INIT") + " " + arguments + " 2>&1").c_str(), "r");
  if (pipe == nullptr) throw std::system_error(errno, std::generic_category(), "popen");
  std::string text;
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe))
    text += static_cast<char>(c);
  const int status = pclose(pipe);
  return {text, WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

TEST(InitByHandTest, HelpNamesEverySetting) {
  const Said help = run_by_hand("--help");
  EXPECT_EQ(help.status, 0);
  for (const char* setting : {"beam.mode=exec|supervise",
                              "beam.release=DIR",
                              "beam.hostname=NAME",
                              "beam.user=NAME|UID[:GID]",
                              "beam.caps=NAME,...",
                              "beam.env.NAME=VALUE",
                              "beam.env_file=FILE",
                              "beam.dist=none|short|long",
                              "beam.node=NAME[@HOST]",
                              "beam.dist_port=PORT",
                              "beam.cookie=FILE",
                              "beam.net=DEVICE[,ADDRESS/PREFIX|",
                              "beam.net_required=yes|no",
                              "beam.mount=DEVICE:DIR:TYPE[:OPTION,...]",
                              "beam.device_wait=MS",
                              "beam.limit.NAME=SOFT:HARD",
                              "beam.sysctl.NAME=VALUE",
                              "beam.root=ro|rw",
                              "beam.directory=DIR",
                              "beam.console=DEVICE",
                              "beam.on_exit=poweroff|reboot|halt|panic|restart",
                              "beam.on_crash=poweroff|reboot|halt|panic|restart",
                              "beam.stop_grace=MS",
                              "ip=",
                              "-- ARGUMENTS",
                              "/etc/beam-init.conf"}) {
    EXPECT_THAT(help.text, HasSubstr(setting));
  }
}

TEST(InitByHandTest, RefusesToBeAnythingButPid1) {
  const Said refusal = run_by_hand("");
  EXPECT_EQ(refusal.status, 2);
  EXPECT_THAT(refusal.text, HasSubstr("not PID 1"));
  EXPECT_THAT(refusal.text, HasSubstr("--help"));
}

}  // namespace
}  // namespace microbeam
