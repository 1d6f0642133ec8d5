# How tests are registered. CTest names say the kind first: unit.*, golden.*, e2e.*, kafka.*, fault.*, browser.*

# How `ctest -j` spaces the tests and in which order it starts them. Most tests wait most of the time, so scripts/test lets
# seven run at once on two processors; one that computes counts twice, as does every slow one. The longest come first, so
# that none runs alone at the end: those that compute, then the others; ctest orders the rest by what it has measured.
# pasar_schedule(e2e.api.reload 22) says how many seconds a fast test waits, pasar_schedule(fuzz.csv 5 COMPUTES) computes.
function(pasar_schedule name seconds)
  if("COMPUTES" IN_LIST ARGN)
    math(EXPR seconds "${seconds} + 20")
    set_tests_properties(${name} PROPERTIES PROCESSORS 2)
  endif()
  set_tests_properties(${name} PROPERTIES COST ${seconds})
endfunction()

# pasar_unit_test(common.buf SOURCES test_buf.c LIBS pasar_common): a cmocka executable, CTest name unit.common.buf.
function(pasar_unit_test name)
  cmake_parse_arguments(T "" "TIMEOUT" "SOURCES;LIBS;LABELS" ${ARGN})
  pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
  string(REPLACE "." "_" target test_${name})
  add_executable(${target} ${T_SOURCES})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_compile_definitions(${target} PRIVATE PASAR_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_link_libraries(${target} PRIVATE ${T_LIBS} PkgConfig::CMOCKA)
  add_test(NAME unit.${name} COMMAND ${target})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 60)
  endif()
  if(NOT T_LABELS)
    set(T_LABELS fast)
  endif()
  set_tests_properties(unit.${name} PROPERTIES TIMEOUT ${T_TIMEOUT} LABELS "${T_LABELS}" SKIP_RETURN_CODE 77)
endfunction()

# pasar_script_test(e2e.pipeline COMMAND script args LABELS slow TIMEOUT 120): a script; exit 0 passes, 77 is a skip.
# The script gets PASAR_BIN (executables), PASAR_TESTBIN (test helpers), PASAR_SOURCE and PASAR_STATE (the producer's
# journals, so that none lands in the source tree) in its environment.
function(pasar_script_test name)
  cmake_parse_arguments(T "SERIAL" "TIMEOUT" "COMMAND;LABELS" ${ARGN})
  add_test(NAME ${name} COMMAND ${T_COMMAND} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  if(NOT T_LABELS)
    set(T_LABELS fast)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${T_TIMEOUT} LABELS "${T_LABELS}" SKIP_RETURN_CODE 77
    ENVIRONMENT "PASAR_BIN=${CMAKE_BINARY_DIR}/bin;PASAR_TESTBIN=${CMAKE_BINARY_DIR}/tests;PASAR_SOURCE=${CMAKE_SOURCE_DIR};PASAR_STATE=${CMAKE_BINARY_DIR}/tests/state/${name}")
  if("slow" IN_LIST T_LABELS)
    set_tests_properties(${name} PROPERTIES PROCESSORS 2 COST ${T_TIMEOUT})
  endif()
  if(T_SERIAL)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
  endif()
endfunction()
