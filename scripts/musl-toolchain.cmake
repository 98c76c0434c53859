# SPDX-License-Identifier: Apache-2.0
# What ships: static programs for musl, without the C++ runtime's object code.
# The toolchain is build/toolchain (made by `scripts/microbeam build`), or $MICROBEAM_TOOLCHAIN.
if(DEFINED ENV{MICROBEAM_TOOLCHAIN})
  set(toolchain $ENV{MICROBEAM_TOOLCHAIN})
else()
  set(toolchain ${CMAKE_CURRENT_LIST_DIR}/../build/toolchain)
endif()
if(NOT EXISTS ${toolchain}/bin/x86_64-linux-musl-clang++)
  message(FATAL_ERROR "No musl toolchain in ${toolchain}. Make it with: scripts/microbeam build")
endif()

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_CXX_COMPILER ${toolchain}/bin/x86_64-linux-musl-clang++)
set(CMAKE_AR /usr/bin/llvm-ar-19)
set(CMAKE_RANLIB /usr/bin/llvm-ranlib-19)
set(CMAKE_FIND_ROOT_PATH ${toolchain}/sysroot)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)

# For size: link-time optimisation, sections that nothing refers to dropped one by one, no unwind
# tables, fixed addresses (PID 1 runs for a millisecond before the BEAM takes its place).
set(CMAKE_CXX_FLAGS_INIT "-flto -ffat-lto-objects -fno-pie -ffunction-sections -fdata-sections \
-fno-asynchronous-unwind-tables -fno-unwind-tables")
# Not _INIT, which would stand before CMake's own -Os.
set(CMAKE_CXX_FLAGS_MINSIZEREL "-Oz -DNDEBUG" CACHE STRING "")
# noseparate-code, no-rosegment: constants stand with the code, without padding. build-id=none: two
# builds give the same bytes.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static -nostdlib++ -Wl,--gc-sections -Wl,--icf=all \
-Wl,--build-id=none -Wl,-z,noseparate-code -Wl,--no-rosegment -Wl,-O2")
# The code generator runs at link time, and these are its own. All are for size: who is called tells
# its caller which registers it leaves alone; what repeats becomes a function; and what makes code
# faster by keeping more in registers, or by other copies of it, is left out.
foreach(option enable-ipra enable-machine-outliner tail-merge-size=1 enable-shrink-wrap=false
    disable-machine-licm disable-machine-cse disable-block-placement)
  string(APPEND CMAKE_EXE_LINKER_FLAGS_INIT " -Wl,-mllvm,-${option}")
endforeach()
