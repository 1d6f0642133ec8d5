# Compiler and linker flags of every target, by build type and sanitizer.
add_compile_definitions(_GNU_SOURCE PASAR_VERSION="${PROJECT_VERSION}")
add_compile_options(-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wformat=2)
if(PASAR_WERROR)
  add_compile_options(-Werror)
endif()

# A fused multiply-add would make the last bit of a sum depend on the machine; models must not.
add_compile_options(-ffp-contract=off -fno-omit-frame-pointer)
include_directories(${CMAKE_SOURCE_DIR}/include)

if(PASAR_FUZZ) # libFuzzer steers by what the code under test has run through
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(PASAR_SANITIZE)
  add_compile_options(-fsanitize=${PASAR_SANITIZE} -fno-sanitize-recover=all -g)
  add_link_options(-fsanitize=${PASAR_SANITIZE})
elseif(CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo)$")
  # OpenSSF hardening guide; checked with hardening-check.
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection -fPIE)
  if(CMAKE_C_COMPILER_ID STREQUAL GNU)
    add_compile_options(-ftrivial-auto-var-init=zero)
  endif()
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    add_compile_options(-fcf-protection=full)
  endif()
  add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g") # the sanitized builds keep their asserts
set(CMAKE_C_FLAGS_DEBUG "-O0 -g3")
