/* Compiler attributes that turn house rules into compile errors. */
#ifndef PASAR_ATTRS_H
#define PASAR_ATTRS_H

/* The result of this function says whether it worked: ignoring it must not compile. */
#define PASAR_MUSTCHECK __attribute__((warn_unused_result))

/* Argument `fmt` (1-based) is a printf format, its arguments start at `args`. */
#define PASAR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

#define PASAR_LIKELY(x)   __builtin_expect(!!(x), 1)
#define PASAR_UNLIKELY(x) __builtin_expect(!!(x), 0)

#define PASAR_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
