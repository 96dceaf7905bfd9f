# How a test is declared. One call builds it, registers it and limits its time.

set(DTRAIN_TEST_TIME 1)
set(DTRAIN_TEST_ENVIRONMENT
    # Open MPI: more ranks than cores, yielding the cores; no kernel-assisted copies, which containers
    # forbid; as root too. Other MPIs do not look at these.
    OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
    OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
    OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1)
if(DTRAIN_SANITIZE)
  set(DTRAIN_TEST_TIME 4)
  # Leaks inside MPI_Init are told by function name, which needs whole call stacks (the slow unwinder),
  # as Open MPI's plugins are gone from memory when leaks are reported. To name them all costs two
  # seconds a process, so leaks are looked for on 1 and 2 ranks only.
  set(leaks_on fast_unwind_on_malloc=0:malloc_context_size=64)
  set(leaks_off detect_leaks=0)
  list(APPEND DTRAIN_TEST_ENVIRONMENT UBSAN_OPTIONS=print_stacktrace=1
    LSAN_OPTIONS=suppressions=${CMAKE_CURRENT_LIST_DIR}/leaks.supp:print_suppressions=0)
endif()

# dtrain_add_test(NAME name LABEL label RANKS n TIMEOUT seconds COMMAND ...)
# Each test has a working directory of its own, which is made anew: what a run before has left, one that was
# interrupted say, makes no difference. Those that may take long begin first. Open MPI 4 has its folders beside it:
# in /tmp they are one for all of a user's processes, and a start fails where another makes or removes them just then.
function(dtrain_add_test)
  cmake_parse_arguments(T "" "NAME;LABEL;RANKS;TIMEOUT" "COMMAND" ${ARGN})
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/work/${T_NAME})
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/work)
  set(environment ${DTRAIN_TEST_ENVIRONMENT} OMPI_MCA_orte_tmpdir_base=${folder}.tmp)
  if(DTRAIN_SANITIZE AND T_RANKS GREATER 2)
    list(APPEND environment ASAN_OPTIONS=${leaks_off}:allocator_may_return_null=1)
  elseif(DTRAIN_SANITIZE)
    list(APPEND environment ASAN_OPTIONS=${leaks_on}:allocator_may_return_null=1)
  endif()
  math(EXPR seconds "${T_TIMEOUT} * ${DTRAIN_TEST_TIME}")
  add_test(NAME ${T_NAME} WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/work
    COMMAND sh -c "rm -rf -- \"$0\" \"$0.tmp\" && mkdir -- \"$0\" \"$0.tmp\" && cd -- \"$0\" && exec \"$@\"" ${folder} ${T_COMMAND})
  set_tests_properties(${T_NAME} PROPERTIES LABELS ${T_LABEL} PROCESSORS ${T_RANKS}
    TIMEOUT ${seconds} COST ${T_TIMEOUT} ENVIRONMENT "${environment}")
endfunction()

# Build SOURCE (with more sources, relative to the top folder) against the library and its own headers.
function(dtrain_test_program target source)
  list(TRANSFORM ARGN PREPEND ${PROJECT_SOURCE_DIR}/)
  add_executable(${target} ${source} ${ARGN})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src
    ${CMAKE_CURRENT_SOURCE_DIR} ${DTRAIN_HEADERS})
  target_compile_definitions(${target} PRIVATE
    DTRAIN_GOLDEN_DIR="${CMAKE_CURRENT_SOURCE_DIR}/golden"
    DTRAIN_DATA_DIR="${PROJECT_SOURCE_DIR}/data")
  target_link_libraries(${target} PRIVATE dtrain_flags dtrain_internal ${DTRAIN_REQUIREMENTS}
    PkgConfig::DTRAIN_INIH PkgConfig::CMOCKA)
endfunction()

# dtrain_unit_test(name [TIMEOUT seconds] [SOURCES src/...])
# tests/unit/test_<name>.c, one process: test unit.<name>
function(dtrain_unit_test name)
  cmake_parse_arguments(T "" "TIMEOUT" "SOURCES" ${ARGN})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 30)
  endif()
  dtrain_test_program(test_unit_${name} unit/test_${name}.c ${T_SOURCES})
  dtrain_add_test(NAME unit.${name} LABEL unit RANKS 1 TIMEOUT ${T_TIMEOUT}
    COMMAND $<TARGET_FILE:test_unit_${name}>)
endfunction()

# dtrain_mpi_test(name [TIMEOUT seconds] [SOURCES src/...] [RANKS n...])
# tests/mpi/test_<name>.c, on 1, 2, 3 and 4 ranks (1 and 3 with the sanitizers): tests mpi.<name>.<ranks>
function(dtrain_mpi_test name)
  cmake_parse_arguments(T "" "TIMEOUT" "SOURCES;RANKS" ${ARGN})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 60)
  endif()
  if(NOT T_RANKS AND DTRAIN_SANITIZE)
    set(T_RANKS 1 3)
  elseif(NOT T_RANKS)
    set(T_RANKS 1 2 3 4)
  endif()
  dtrain_test_program(test_mpi_${name} mpi/test_${name}.c tests/mpi/support.c ${T_SOURCES})
  foreach(ranks ${T_RANKS})
    dtrain_add_test(NAME mpi.${name}.${ranks} LABEL mpi RANKS ${ranks} TIMEOUT ${T_TIMEOUT}
      COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} ${MPIEXEC_PREFLAGS}
              $<TARGET_FILE:test_mpi_${name}> ${MPIEXEC_POSTFLAGS})
  endforeach()
endfunction()

# dtrain_fuzz_target(name)
# tests/fuzz/target_<name>.c: program fuzz_<name>, and with the sanitizers test fuzz.<name>, 10 seconds
function(dtrain_fuzz_target name)
  set(sources tests/fuzz/support.c)
  if(name STREQUAL config)
    list(APPEND sources src/cli/arguments.c src/cli/config.c src/cli/suggest.c src/cli/unknown.c)
  endif()
  if(NOT DTRAIN_FUZZ)
    list(APPEND sources tests/fuzz/driver.c)
  endif()
  dtrain_test_program(fuzz_${name} fuzz/target_${name}.c ${sources})
  if(DTRAIN_FUZZ)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  elseif(DTRAIN_SANITIZE AND NOT DTRAIN_SANITIZE STREQUAL thread)
    dtrain_add_test(NAME fuzz.${name} LABEL fuzz RANKS 1 TIMEOUT 30
      COMMAND $<TARGET_FILE:fuzz_${name}> --seconds 10)
    set_property(TEST fuzz.${name} APPEND PROPERTY ENVIRONMENT
      ASAN_OPTIONS=${leaks_off}:allocator_may_return_null=1:max_allocation_size_mb=1000)
  endif()
endfunction()
