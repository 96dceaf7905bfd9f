# What `cmake --install` puts where; the packages by which CMake and pkg-config find the library.
include(CMakePackageConfigHelpers)
file(RELATIVE_PATH libdir /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
set_target_properties(dtrain PROPERTIES INSTALL_RPATH "$ORIGIN/${libdir}")

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/dtrain)
configure_package_config_file(src/dtrainConfig.cmake.in dtrainConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(dtrainConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(TARGETS dtrain)
install(TARGETS dtrain_lib EXPORT dtrain-targets)
install(EXPORT dtrain-targets NAMESPACE dtrain:: DESTINATION ${package_dir})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/dtrainConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/dtrainConfigVersion.cmake DESTINATION ${package_dir})

# A static library leaves its own needs to whoever links it. The prefix is found from where the file lies, so that
# `cmake --install --prefix` and a moved folder are right too.
set(libraries ${ZLIB_LIBRARIES} ${DEFLATE_LIBRARY} ${CSV_LIBRARY} ${MPI_C_LIBRARIES} ${OpenMP_C_FLAGS} -lm)
string(REPLACE ";" " " libraries "${libraries}")
if(BUILD_SHARED_LIBS)
  set(private .private)
  set(private_libraries ${libraries})
else()
  set(public_libraries ${libraries})
endif()
file(RELATIVE_PATH to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(src/dtrain.pc.in dtrain.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/dtrain.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(DIRECTORY include/dtrain DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES data/linear.h5 DESTINATION ${CMAKE_INSTALL_DATADIR}/dtrain)
install(DIRECTORY slurm DESTINATION ${CMAKE_INSTALL_DATADIR}/dtrain)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
