# SPDX-License-Identifier: Apache-2.0
# find_package(exprove 1.0 CONFIG REQUIRED), then target_link_libraries(... PRIVATE exprove::exprove).
# The paths follow from where this file lies, so that the whole can be moved.
get_filename_component(_exprove_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(_exprove_library "${_exprove_prefix}/lib/libexprove.so.1")
foreach(_exprove_file IN ITEMS "${_exprove_library}" "${_exprove_prefix}/include/exprove/client.h")
  if(NOT EXISTS "${_exprove_file}")
    set(exprove_FOUND FALSE)
    set(exprove_NOT_FOUND_MESSAGE "${_exprove_file} is missing: install again")
    return()
  endif()
endforeach()
if(NOT TARGET exprove::exprove)
  add_library(exprove::exprove SHARED IMPORTED)
  set_target_properties(exprove::exprove PROPERTIES
    IMPORTED_LOCATION "${_exprove_library}"
    IMPORTED_SONAME "libexprove.so.1"
    INTERFACE_INCLUDE_DIRECTORIES "${_exprove_prefix}/include")
endif()
set(exprove_FOUND TRUE)
