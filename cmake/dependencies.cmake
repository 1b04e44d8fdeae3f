# Everything comes from Debian 12 packages (tools/setup.sh installs them).

find_package(Threads REQUIRED)
find_package(Boost 1.81 QUIET)
if(NOT Boost_FOUND OR Boost_VERSION VERSION_LESS 1.81)
  message(FATAL_ERROR "Sluice needs Boost 1.81 or newer: install libboost1.81-dev (tools/setup.sh does)")
endif()
find_package(PkgConfig REQUIRED)
pkg_check_modules(FYAML REQUIRED IMPORTED_TARGET libfyaml)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
find_package(nlohmann_json REQUIRED)
find_package(simdjson REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(date REQUIRED)

# sluice_find_client(OPTION PREFIX MODULE PACKAGE): a backend's client library, unless it is left out.
function(sluice_find_client option prefix module package)
  if(NOT ${option})
    return()
  endif()
  pkg_check_modules(${prefix} IMPORTED_TARGET GLOBAL ${module})
  if(NOT ${prefix}_FOUND)
    message(FATAL_ERROR "${option} is ON and ${module} is not here: install ${package} "
      "(tools/setup.sh does), or build without it: -D${option}=OFF")
  endif()
endfunction()
sluice_find_client(SLUICE_KAFKA RDKAFKA rdkafka librdkafka-dev)
sluice_find_client(SLUICE_REDIS HIREDIS hiredis libhiredis-dev)

# The program's allocator: librdkafka allocates each header of a record by itself, and an event on Kafka
# costs a tenth more without. Sanitizers bring their own.
if(NOT SLUICE_SANITIZE AND NOT SLUICE_FUZZ)
  pkg_check_modules(JEMALLOC IMPORTED_TARGET GLOBAL jemalloc)
  if(NOT JEMALLOC_FOUND)
    message(STATUS "no jemalloc (libjemalloc-dev): the C library's allocator it is")
  endif()
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without this ccache does not know what a precompiled header stands for.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
    ${CCACHE})
endif()
