# SPDX-License-Identifier: MIT
# bss_library(NAME hxcomm SUMMARY "..." SOURCES ... USES bss::other PRIVATE_USES PkgConfig::x
#             [PC_REQUIRES "fisch"] [PC_REQUIRES_PRIVATE "jansson"])
# One library of the house: shared object + static twin <name>_testing for tests (which reach its
# internals and wrap malloc), warnings, visibility, install, CMake package component, pkg-config
# file. bss_settings(target) gives any other target the same language and warnings.
# The only place where these are decided.
set(BSS_SOVERSION 0)

function(bss_settings target)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:bss_warnings>)
  target_compile_definitions(${target} PRIVATE _POSIX_C_SOURCE=200809L)
  set_target_properties(${target} PROPERTIES C_STANDARD 17 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
endfunction()

function(bss_library)
  cmake_parse_arguments(L "" "NAME;SUMMARY;PC_REQUIRES;PC_REQUIRES_PRIVATE"
    "SOURCES;USES;PRIVATE_USES" ${ARGN})
  add_library(${L_NAME} SHARED ${L_SOURCES})
  add_library(bss::${L_NAME} ALIAS ${L_NAME})
  add_library(${L_NAME}_testing STATIC EXCLUDE_FROM_ALL ${L_SOURCES})
  foreach(target ${L_NAME} ${L_NAME}_testing)
    bss_settings(${target})
    target_include_directories(${target}
      PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
             $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
      PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/src)
    target_link_libraries(${target} PUBLIC ${L_USES} PRIVATE ${L_PRIVATE_USES})
  endforeach()
  # tests include private headers of the library they test
  target_include_directories(${L_NAME}_testing INTERFACE ${CMAKE_CURRENT_SOURCE_DIR}/src)
  if(NOT BSS_SANITIZE) # clang links the sanitizer runtime into programs only
    target_link_options(${L_NAME} PRIVATE -Wl,-z,defs)
  endif()
  set_target_properties(${L_NAME} PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${BSS_SOVERSION}
    INSTALL_RPATH $ORIGIN) # the libraries find each other wherever they are installed
  install(TARGETS ${L_NAME} EXPORT bss LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/include)
    install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  endif()
  configure_file(${PROJECT_SOURCE_DIR}/cmake/library.pc.in
    ${CMAKE_CURRENT_BINARY_DIR}/${L_NAME}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${L_NAME}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

# bss_provider(NAME emulator SOURCES ... PRIVATE_USES ...)
# A provider for hxcomm outside hxcomm: a module <name>.so in the providers folder, plus the static
# twin <name>_testing.
function(bss_provider)
  cmake_parse_arguments(P "" "NAME" "SOURCES;PRIVATE_USES" ${ARGN})
  add_library(${P_NAME} MODULE ${P_SOURCES})
  add_library(${P_NAME}_testing STATIC EXCLUDE_FROM_ALL ${P_SOURCES})
  foreach(target ${P_NAME} ${P_NAME}_testing)
    bss_settings(${target})
    target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/src)
    target_link_libraries(${target} PRIVATE ${P_PRIVATE_USES})
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/include)
      target_include_directories(${target} PUBLIC
        $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>)
    endif()
  endforeach()
  target_include_directories(${P_NAME}_testing INTERFACE ${CMAKE_CURRENT_SOURCE_DIR}/src)
  target_link_libraries(${P_NAME}_testing INTERFACE ${P_PRIVATE_USES})
  set_target_properties(${P_NAME} PROPERTIES PREFIX ""
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_LIBRARY_OUTPUT_DIRECTORY}/${BSS_PROVIDER_SUBDIR}
    INSTALL_RPATH $ORIGIN/../..)
  install(TARGETS ${P_NAME}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/${BSS_PROVIDER_SUBDIR})
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/include)
    install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  endif()
endfunction()
