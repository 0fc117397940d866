# SPDX-License-Identifier: MIT
# cmake -DOUT=sql.c -DFOLDER=calix/sql -P embed.cmake
# Writes the schema and the numbered migrations as C arrays, so that a library needs no file beside it.
file(GLOB migrations ${FOLDER}/migrations/*.sql)
list(SORT migrations)

function(append_array name file)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "(................................................................................)"
    "\\1\n" bytes "${bytes}")
  set(text "${text}static const char ${name}[] = {\n${bytes}0x00};\n" PARENT_SCOPE)
endfunction()

set(text "/* generated from calix/sql */\n#include \"sql.h\"\n\n")
append_array(schema ${FOLDER}/schema.sql)
set(rows "")
set(count 0)
foreach(file ${migrations})
  get_filename_component(stem ${file} NAME_WE)
  string(REGEX MATCH "^[0-9]+" number ${stem})
  math(EXPR number "${number} + 0") # without leading zeros
  append_array(migration_${number} ${file})
  string(APPEND rows "\t{ ${number}, \"${stem}\", migration_${number} },\n")
  math(EXPR count "${count} + 1")
endforeach()
string(APPEND text "\nconst char *const calix__schema_sql = schema;\n"
  "const struct calix__migration calix__migrations[] = {\n${rows}};\n"
  "const size_t calix__migration_count = ${count};\n")
file(WRITE ${OUT} "${text}")
