/* Checksums: SHA-256 (OpenSSL) for files, 64-bit XXH3 (xxHash) for records. */
#ifndef PASAR_HASH_H
#define PASAR_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/err.h"

enum { PASAR_SHA256_HEX = 64 };

struct pasar_sha256; /* running SHA-256 */

struct pasar_sha256 *pasar_sha256_new(void) PASAR_MUSTCHECK; /* NULL: out of memory */
void pasar_sha256_add(struct pasar_sha256 *sha, const void *bytes, size_t len);
/* Writes 64 lower-case hex digits and a NUL; frees `sha`. */
void pasar_sha256_finish(struct pasar_sha256 *sha, char hex[PASAR_SHA256_HEX + 1]);

void pasar_sha256_bytes(const void *bytes, size_t len, char hex[PASAR_SHA256_HEX + 1]);

/* Of a whole file. 0, or -1 with err naming the path. */
int pasar_sha256_file(const char *path, char hex[PASAR_SHA256_HEX + 1], struct pasar_err *err) PASAR_MUSTCHECK;

/* The same of the descriptor's whole file, by pread (its position stays); `path` is for messages, size may be NULL. */
int pasar_sha256_fd(int fd, const char *path, char hex[PASAR_SHA256_HEX + 1], uint64_t *size,
                    struct pasar_err *err) PASAR_MUSTCHECK;

/*
 * The share of one row in a run's digest: XXH3-64 of the record's JSON value with the row number as its seed. A run's
 * digest is the sum of its rows' shares modulo 2^64, so it does not depend on the order and can be added up over
 * batches.
 */
uint64_t pasar_hash_row(uint64_t row, const void *value, size_t len);

/* XXH3-64, for hash tables, entity tags, partitions and the identity of input files. */
uint64_t pasar_hash64(const void *bytes, size_t len);

#endif
