# SPDX-License-Identifier: MIT
# What others need to build against an installed copy: the CMake package. Libraries, headers and
# pkg-config files are installed by bss_library().
include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/bss)
configure_package_config_file(cmake/bssConfig.cmake.in ${PROJECT_BINARY_DIR}/bssConfig.cmake
  INSTALL_DESTINATION ${package})
# before 1.0 a new minor version may break what was
write_basic_package_version_file(${PROJECT_BINARY_DIR}/bssConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/bssConfig.cmake ${PROJECT_BINARY_DIR}/bssConfigVersion.cmake
  DESTINATION ${package})
install(EXPORT bss NAMESPACE bss:: FILE bssTargets.cmake DESTINATION ${package})
