# SPDX-License-Identifier: MIT
# What a builder may choose, and the compiler flags of the whole house.
include(GNUInstallDirs)

option(BSS_TESTS "build the test suite" ON)
option(BSS_FUZZ "build the libFuzzer targets (clang only)" OFF)
set(BSS_SANITIZE "" CACHE STRING "sanitizers, such as address,undefined; empty for none")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "build type" FORCE)
endif()
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# One folder for all shared objects, so that hxcomm finds its providers beside itself in the build
# tree as it does when installed.
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
# Where providers lie, relative to the folder of libhxcomm.so.
set(BSS_PROVIDER_SUBDIR hxcomm/providers-2)

add_library(bss_warnings INTERFACE)
target_compile_options(bss_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
  -Wstrict-prototypes -Wmissing-prototypes -Wvla)

if(BSS_SANITIZE)
  add_compile_options(-fsanitize=${BSS_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${BSS_SANITIZE})
endif()
