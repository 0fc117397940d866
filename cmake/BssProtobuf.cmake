# SPDX-License-Identifier: MIT
# bss_protobuf(fisch saved_program.proto)
# Compile src/<file>.proto with protobuf-c into a library made by bss_library() and its static twin;
# sources include "<file>.pb-c.h". Saved files and messages of the house are written this way.
find_package(PkgConfig REQUIRED)
pkg_check_modules(protobufc REQUIRED IMPORTED_TARGET libprotobuf-c)
find_program(PROTOC_C protoc-c REQUIRED)

function(bss_protobuf library file)
  get_filename_component(stem ${file} NAME_WE)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/protobuf)
  set(base ${folder}/${stem}.pb-c)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${base}.c ${base}.h
    COMMAND ${PROTOC_C} --c_out=${folder} --proto_path=${CMAKE_CURRENT_SOURCE_DIR}/src ${file}
    DEPENDS src/${file} COMMENT "Writing ${stem}.pb-c" VERBATIM)
  # one target makes them, so that the twins do not race
  add_custom_target(${library}_${stem}_protobuf DEPENDS ${base}.c ${base}.h)
  set_source_files_properties(${base}.c PROPERTIES COMPILE_OPTIONS -w)
  foreach(target ${library} ${library}_testing)
    target_sources(${target} PRIVATE ${base}.c)
    add_dependencies(${target} ${library}_${stem}_protobuf)
    target_include_directories(${target} PRIVATE $<BUILD_INTERFACE:${folder}>)
    target_link_libraries(${target} PRIVATE PkgConfig::protobufc)
  endforeach()
endfunction()
