# find_package(tril): targets tril::tril and, in double precision, tril::tril_double.
foreach(name tril tril_double)
  if(NOT TARGET tril::${name})
    add_library(tril::${name} SHARED IMPORTED)
    set_target_properties(tril::${name} PROPERTIES
      IMPORTED_LOCATION "@LIBDIR@/lib${name}.so.@VERSION@"
      IMPORTED_SONAME "lib${name}.so.@MAJOR@"
      INTERFACE_INCLUDE_DIRECTORIES "@PREFIX@/include")
  endif()
endforeach()
set_property(TARGET tril::tril_double PROPERTY INTERFACE_COMPILE_DEFINITIONS TRIL_DOUBLE)
