# SPDX-License-Identifier: MIT
# bss_test(hxcomm/words [SOURCES extra.c ...] [USES hxcomm_testing ...] [WRAP calloc ...]
#          [LABELS torture ...] [TIMEOUT 300])
# One cmocka program out of <current folder>/<stem>_test.c, registered with ctest as <lib>/<stem>.
# WRAP names functions that the test replaces by __wrap_<name>.
find_package(PkgConfig REQUIRED)
pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)

function(bss_test name)
  cmake_parse_arguments(T "" "TIMEOUT" "SOURCES;USES;WRAP;LABELS" ${ARGN})
  get_filename_component(stem ${name} NAME)
  string(REPLACE "/" "_" target test_${name})
  add_executable(${target} ${stem}_test.c ${T_SOURCES})
  bss_settings(${target})
  # quoted includes only: support/assert.h must not stand in for <assert.h>
  target_compile_options(${target} PRIVATE "SHELL:-iquote ${PROJECT_SOURCE_DIR}/tests/support")
  target_compile_definitions(${target} PRIVATE
    TEST_SOURCE_DIR="${PROJECT_SOURCE_DIR}/tests" TEST_BINARY_DIR="${CMAKE_CURRENT_BINARY_DIR}")
  target_link_libraries(${target} PRIVATE ${T_USES} PkgConfig::cmocka m)
  foreach(function ${T_WRAP})
    target_link_options(${target} PRIVATE -Wl,--wrap=${function})
  endforeach()
  set_target_properties(${target} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${target})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  # long ones first, so that none is left alone at the end; sanitizers slow programs down
  set(cost ${T_TIMEOUT})
  if(BSS_SANITIZE)
    math(EXPR T_TIMEOUT "10 * ${T_TIMEOUT}")
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${T_TIMEOUT} COST ${cost} LABELS "${T_LABELS}")
endfunction()
