# The libraries that dtrain needs. What lacks is told all at once.
set(lacking "")

# dtrain_needs(found "name"): remember what was not found
macro(dtrain_needs found name)
  if(NOT ${found})
    list(APPEND lacking "${name}")
  endif()
endmacro()

find_package(MPI QUIET COMPONENTS C)
dtrain_needs(MPI_C_FOUND "MPI (mpicc)")
find_package(OpenMP QUIET COMPONENTS C)
dtrain_needs(OpenMP_C_FOUND "OpenMP (of the compiler)")
find_package(ZLIB QUIET)
dtrain_needs(ZLIB_FOUND zlib)
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  # Debian's build for Open MPI by its own name; elsewhere whatever HDF5 the site provides.
  pkg_search_module(DTRAIN_HDF5 QUIET IMPORTED_TARGET hdf5-openmpi hdf5)
  pkg_check_modules(DTRAIN_HWLOC QUIET IMPORTED_TARGET hwloc)
  pkg_check_modules(DTRAIN_INIH QUIET IMPORTED_TARGET inih)
  pkg_check_modules(DTRAIN_JANSSON QUIET IMPORTED_TARGET jansson)
  pkg_check_modules(DTRAIN_XXHASH QUIET IMPORTED_TARGET libxxhash)
  dtrain_needs(DTRAIN_HDF5_FOUND "HDF5 (hdf5.pc)")
  dtrain_needs(DTRAIN_HWLOC_FOUND "hwloc (hwloc.pc)")
  dtrain_needs(DTRAIN_INIH_FOUND "inih (inih.pc)")
  dtrain_needs(DTRAIN_JANSSON_FOUND "jansson (jansson.pc)")
  dtrain_needs(DTRAIN_XXHASH_FOUND "xxHash (libxxhash.pc)")
else()
  dtrain_needs(PkgConfig_FOUND "pkg-config, by which HDF5, hwloc, inih, jansson and xxHash are found")
endif()
find_path(DEFLATE_INCLUDE_DIR libdeflate.h)
find_library(DEFLATE_LIBRARY deflate)
find_path(RANDOM123_INCLUDE_DIR Random123/philox.h)
find_path(CSV_INCLUDE_DIR csv.h)
find_library(CSV_LIBRARY csv)
if(NOT DEFLATE_INCLUDE_DIR OR NOT DEFLATE_LIBRARY)
  dtrain_needs(FALSE "libdeflate (libdeflate.h)")
endif()
dtrain_needs(RANDOM123_INCLUDE_DIR "Random123 (Random123/philox.h)")
if(NOT CSV_INCLUDE_DIR OR NOT CSV_LIBRARY)
  dtrain_needs(FALSE "libcsv (csv.h)")
endif()

if(lacking)
  list(JOIN lacking "\n  " lacking)
  message(FATAL_ERROR "dtrain needs libraries that were not found:\n  ${lacking}\n"
    "Debian's packages: scripts/install-deps.sh. Without root: scripts/deps.sh --prefix DIR builds all but MPI, "
    "HDF5 and zlib, and then -DCMAKE_PREFIX_PATH=DIR. MPI and HDF5 may want a module to be loaded.")
endif()

set(DTRAIN_HEADERS ${DEFLATE_INCLUDE_DIR} ${RANDOM123_INCLUDE_DIR} ${CSV_INCLUDE_DIR})
set(DTRAIN_REQUIREMENTS MPI::MPI_C OpenMP::OpenMP_C ZLIB::ZLIB PkgConfig::DTRAIN_HDF5
  PkgConfig::DTRAIN_HWLOC PkgConfig::DTRAIN_JANSSON PkgConfig::DTRAIN_XXHASH
  $<BUILD_INTERFACE:${DEFLATE_LIBRARY}>
  $<BUILD_INTERFACE:${CSV_LIBRARY}>
  $<INSTALL_INTERFACE:deflate> $<INSTALL_INTERFACE:csv> m)
