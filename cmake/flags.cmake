# Flags shared by every target of ours, as one interface target.

get_filename_component(SLUICE_ROOT "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
add_library(sluice_flags INTERFACE)

# sluice_options(OPTION...): of the host's compiler alone; nvcc has its own (cmake/cuda.cmake).
function(sluice_options)
  foreach(option ${ARGN})
    target_compile_options(sluice_flags INTERFACE "$<$<NOT:$<COMPILE_LANGUAGE:CUDA>>:${option}>")
  endforeach()
endfunction()

sluice_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion $<$<BOOL:${SLUICE_WERROR}>:-Werror>)
target_include_directories(sluice_flags INTERFACE ${SLUICE_ROOT})
target_compile_definitions(sluice_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_BOOST_COROUTINE
  SPDLOG_FMT_EXTERNAL
  _FILE_OFFSET_BITS=64
  SLUICE_HAS_KAFKA=$<BOOL:${SLUICE_KAFKA}>
  SLUICE_HAS_REDIS=$<BOOL:${SLUICE_REDIS}>
  SLUICE_HAS_CUDA=$<BOOL:${SLUICE_HAS_CUDA}>)

if(SLUICE_SANITIZE STREQUAL "address")
  # Without the checks of each pointer that is followed: they take half of the compiler's time, and what
  # they find AddressSanitizer finds as well. Alignment is checked where weights are read from a file.
  sluice_options(-fsanitize=address,undefined -fno-sanitize=null,vptr,object-size
    $<$<NOT:$<STREQUAL:$<TARGET_PROPERTY:NAME>,sluice_inference>>:-fno-sanitize=alignment>
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(sluice_flags INTERFACE -fsanitize=address,undefined)
elseif(SLUICE_SANITIZE STREQUAL "thread")
  sluice_options(-fsanitize=thread -Wno-tsan)
  target_link_options(sluice_flags INTERFACE -fsanitize=thread)
endif()

# g++ 12 warns of code inside Boost and the standard library that it has inlined itself.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  sluice_options(-Wno-maybe-uninitialized -Wno-restrict
    -Wno-mismatched-new-delete -Wno-array-bounds)
endif()

# sluice_precompile(TARGET): lets a target read cmake/precompiled.h as it was compiled for all of them.
option(SLUICE_PCH "Compile the common headers once, with less debug information: for a machine that builds all" OFF)
if(SLUICE_PCH)
  sluice_options(-g1)  # Lines for a backtrace; who debugs builds without this.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")  # More of the same: it forgets that these headers are the system's.
    sluice_options(-Wno-stringop-overflow -Wno-stringop-overread)
  endif()
  add_library(sluice_precompiled OBJECT ${SLUICE_ROOT}/cmake/precompiled.cc)
  target_link_libraries(sluice_precompiled PRIVATE sluice_flags Boost::headers Threads::Threads
    spdlog::spdlog fmt::fmt nlohmann_json::nlohmann_json)
  target_precompile_headers(sluice_precompiled PRIVATE ${SLUICE_ROOT}/cmake/precompiled.h)
endif()
function(sluice_precompile target)
  if(SLUICE_PCH)
    target_precompile_headers(${target} REUSE_FROM sluice_precompiled)
  endif()
endfunction()

# sluice_leave_out(SOURCES): takes from a list the files of the backends that are left out: kafka_*.cc
# and redis_*.cc, but for specs and addresses, which any build reads from manifests.
function(sluice_leave_out files)
  set(kept)
  foreach(file ${${files}})
    get_filename_component(name ${file} NAME)
    if(name MATCHES "(_spec|_address)\\.cc$"
       OR NOT ((NOT SLUICE_KAFKA AND name MATCHES "^kafka_") OR (NOT SLUICE_REDIS AND name MATCHES "^redis_")))
      list(APPEND kept ${file})
    endif()
  endforeach()
  set(${files} ${kept} PARENT_SCOPE)
endfunction()

# A folder of the house: sluice_add_folder(NAME LINKS...). Sources are globbed, so a new kind is one
# file; CONFIGURE_DEPENDS makes the build notice it.
function(sluice_add_folder name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  if(NOT name STREQUAL "manifest")  # Any build reads every kind, if only to refuse it by name.
    sluice_leave_out(sources)
  endif()
  if(NOT sources)
    add_library(sluice_${name} INTERFACE)
    target_link_libraries(sluice_${name} INTERFACE sluice_flags)
    return()
  endif()
  add_library(sluice_${name} STATIC ${sources})
  target_link_libraries(sluice_${name} PUBLIC sluice_flags ${ARGN})
  sluice_precompile(sluice_${name})
endfunction()
