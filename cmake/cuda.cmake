# Whether this build has the CUDA backend, and with which compiler. Included before cmake/flags.cmake, by
# the project that enables languages; leaves SLUICE_HAS_CUDA and SLUICE_CUDA_CODE (for people).

set(SLUICE_CUDA AUTO CACHE STRING "The CUDA backend: AUTO (where nvcc is found), ON or OFF")
set_property(CACHE SLUICE_CUDA PROPERTY STRINGS AUTO ON OFF)
string(TOUPPER "${SLUICE_CUDA}" sluice_cuda)
set(SLUICE_HAS_CUDA OFF)
set(SLUICE_CUDA_CODE "")

set(sluice_cuda_oldest 12.4)  # The first that takes C++20 as g++ 12 has it.
get_filename_component(sluice_cuda_root "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)

# sluice_try_nvcc(NVCC WHY_NOT): compiles a kernel; why that did not work goes to WHY_NOT.
function(sluice_try_nvcc nvcc why_not)
  execute_process(COMMAND ${nvcc} --version OUTPUT_VARIABLE text ERROR_QUIET RESULT_VARIABLE status)
  string(REGEX MATCH "release ([0-9]+\\.[0-9]+)" release "${text}")
  if(NOT status EQUAL 0 OR NOT release)
    set(${why_not} "${nvcc} does not run" PARENT_SCOPE)
    return()
  endif()
  if(CMAKE_MATCH_1 VERSION_LESS sluice_cuda_oldest)
    set(${why_not} "${nvcc} is of CUDA ${CMAKE_MATCH_1}, ${sluice_cuda_oldest} or newer is wanted" PARENT_SCOPE)
    return()
  endif()
  # A toolkit without headers, or that does not know the host's compiler, is not one.
  set(probe ${CMAKE_BINARY_DIR}/CMakeFiles/sluice_cuda)
  file(WRITE ${probe}.cu "#include <cuda_bf16.h>\n__global__ void probe() {}\nint main() { return 0; }\n")
  execute_process(COMMAND ${nvcc} -std=c++20 -ccbin ${CMAKE_CXX_COMPILER} -arch=sm_80 -o ${probe} ${probe}.cu
    OUTPUT_VARIABLE text ERROR_VARIABLE text RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    string(STRIP "${text}" text)
    set(${why_not} "${nvcc} does not compile with ${CMAKE_CXX_COMPILER}: ${text}" PARENT_SCOPE)
    return()
  endif()
  set(${why_not} "" PARENT_SCOPE)
endfunction()

# sluice_find_nvcc(NVCC WHY_NOT): the first that works, of the system, then of tools/setup-cuda.sh.
function(sluice_find_nvcc nvcc why_not)
  find_program(in_path nvcc NO_CACHE)
  set(places "${CMAKE_CUDA_COMPILER}" "$ENV{CUDACXX}")
  if(NOT "$ENV{CUDA_HOME}" STREQUAL "")  # Else this would be /bin/nvcc.
    list(APPEND places "$ENV{CUDA_HOME}/bin/nvcc")
  endif()
  list(APPEND places "${in_path}" /usr/local/cuda/bin/nvcc ${sluice_cuda_root}/.cache/cuda/bin/nvcc)
  set(why "no nvcc is here; tools/setup-cuda.sh fetches one")
  foreach(place ${places})
    find_program(found NAMES ${place} NO_CACHE NO_DEFAULT_PATH PATHS "" ENV PATH)
    if(found)
      sluice_try_nvcc(${found} why)
      if(NOT why)
        set(${nvcc} ${found} PARENT_SCOPE)
        return()
      endif()
      message(STATUS "CUDA: ${why}")
      unset(found)
    endif()
  endforeach()
  set(${nvcc} "" PARENT_SCOPE)
  set(${why_not} "${why}" PARENT_SCOPE)
endfunction()

if(NOT sluice_cuda MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "SLUICE_CUDA is AUTO, ON or OFF, not '${SLUICE_CUDA}'")
elseif(sluice_cuda STREQUAL "AUTO" AND (SLUICE_SANITIZE OR SLUICE_FUZZ))
  # What sanitizers look at is the same without; the driver's mappings and theirs do not go together.
  message(STATUS "CUDA backend: off (sanitizers)")
elseif(NOT sluice_cuda STREQUAL "OFF")
  # Once found, it stays: a second look would compile again.
  if(NOT SLUICE_NVCC OR NOT EXISTS "${SLUICE_NVCC}")
    sluice_find_nvcc(sluice_nvcc sluice_why_not)
    set(SLUICE_NVCC "${sluice_nvcc}" CACHE INTERNAL "The CUDA compiler")
  endif()
  if(SLUICE_NVCC)
    set(SLUICE_HAS_CUDA ON)
  elseif(sluice_cuda STREQUAL "ON")
    message(FATAL_ERROR "SLUICE_CUDA is ON, and there is no CUDA compiler: ${sluice_why_not}")
  else()
    message(STATUS "CUDA backend: off (${sluice_why_not})")
  endif()
endif()

if(SLUICE_HAS_CUDA)
  # Machine code for the GPUs of 2020 to 2023 (Ampere, Ada, Hopper), and PTX that the driver compiles
  # for newer ones. Not 90a: what it adds runs on Hopper only, and no driver compiles it for others.
  set(CMAKE_CUDA_ARCHITECTURES 80-real 86-real 89-real 90 CACHE STRING
    "What GPUs the machine code is for, as CMake writes it: 90-real (code), 90-virtual (PTX), 90 (both)")
  set(CMAKE_CUDA_COMPILER "${SLUICE_NVCC}" CACHE FILEPATH "The CUDA compiler")
  set(CMAKE_CUDA_HOST_COMPILER "${CMAKE_CXX_COMPILER}" CACHE FILEPATH "The host compiler of nvcc")
  enable_language(CUDA)
  set(CMAKE_CUDA_STANDARD 20)
  set(CMAKE_CUDA_STANDARD_REQUIRED ON)
  set(CMAKE_CUDA_EXTENSIONS OFF)
  if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 does not know that nvcc has it.
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  endif()
  foreach(architecture ${CMAKE_CUDA_ARCHITECTURES})
    string(REGEX REPLACE "-.*" "" number ${architecture})
    if(NOT architecture MATCHES "-virtual$")
      list(APPEND SLUICE_CUDA_CODE sm_${number})
    endif()
    if(NOT architecture MATCHES "-real$")
      list(APPEND SLUICE_CUDA_CODE compute_${number})
    endif()
  endforeach()
  list(JOIN SLUICE_CUDA_CODE " " SLUICE_CUDA_CODE)
  message(STATUS "CUDA backend: on, CUDA ${CMAKE_CUDA_COMPILER_VERSION}, ${SLUICE_CUDA_CODE}")
endif()

# sluice_add_cuda(TARGET FOLDER): the sources of FOLDER, or what stands in for them in FOLDER/no_cuda.cc.
# Links nothing but the static runtime, which looks for a driver when it is first asked.
function(sluice_add_cuda target folder)
  if(NOT SLUICE_HAS_CUDA)
    target_sources(${target} PRIVATE ${folder}/no_cuda.cc)
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cc ${folder}/*.cu)
  list(REMOVE_ITEM sources ${folder}/no_cuda.cc)
  target_sources(${target} PRIVATE ${sources})
  set_source_files_properties(${folder}/cuda_device.cc PROPERTIES
    COMPILE_DEFINITIONS SLUICE_CUDA_CODE="${SLUICE_CUDA_CODE}")
  target_include_directories(${target} SYSTEM PRIVATE ${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES})
  target_compile_options(${target} PRIVATE
    "$<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr;-lineinfo;-Xptxas=-v;-Xcompiler=-Wall,-Wextra,-Wshadow,-Wconversion>"
    "$<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<BOOL:${SLUICE_WERROR}>>:-Werror=all-warnings;-Xcompiler=-Werror>")
  # What ptxas says of each kernel is kept beside its object, and summed up on request.
  set_target_properties(${target} PROPERTIES CUDA_RUNTIME_LIBRARY Static
    CUDA_COMPILER_LAUNCHER "/bin/sh;${sluice_cuda_root}/tools/keep_ptxas.sh")
  find_package(Python3 3.9 COMPONENTS Interpreter QUIET)
  if(Python3_FOUND)
    add_custom_target(cuda_report DEPENDS ${target} VERBATIM USES_TERMINAL
      COMMAND ${Python3_EXECUTABLE} -B ${sluice_cuda_root}/tools/cuda_report.py ${CMAKE_BINARY_DIR})
  endif()
endfunction()
