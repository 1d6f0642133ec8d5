/* Checksums: SHA-256 through OpenSSL's EVP, XXH3 through xxHash. */
#include "pasar/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef PASAR_XXH_DISPATCH
#include <immintrin.h>
#include <xxh_x86dispatch.h> /* the same hashes, by the widest instructions that the processor has */
#else
#include <xxhash.h>
#endif

enum { SHA256_BYTES = 32, READ_BYTES = 64 * 1024 };

struct pasar_sha256 {
    EVP_MD_CTX *evp;
};

struct pasar_sha256 *pasar_sha256_new(void)
{
    struct pasar_sha256 *sha = malloc(sizeof *sha);
    if (sha == NULL)
        return NULL;
    sha->evp = EVP_MD_CTX_new();
    if (sha->evp == NULL || EVP_DigestInit_ex(sha->evp, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(sha->evp);
        free(sha);
        return NULL;
    }
    return sha;
}

void pasar_sha256_add(struct pasar_sha256 *sha, const void *bytes, size_t len)
{
    if (EVP_DigestUpdate(sha->evp, bytes, len) != 1)
        abort(); /* cannot fail on an initialised software digest */
}

static void to_hex(const unsigned char bytes[SHA256_BYTES], char hex[PASAR_SHA256_HEX + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < SHA256_BYTES; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[PASAR_SHA256_HEX] = '\0';
}

void pasar_sha256_finish(struct pasar_sha256 *sha, char hex[PASAR_SHA256_HEX + 1])
{
    unsigned char bytes[SHA256_BYTES];
    if (EVP_DigestFinal_ex(sha->evp, bytes, NULL) != 1)
        abort();
    to_hex(bytes, hex);
    EVP_MD_CTX_free(sha->evp);
    free(sha);
}

void pasar_sha256_bytes(const void *bytes, size_t len, char hex[PASAR_SHA256_HEX + 1])
{
    unsigned char digest[SHA256_BYTES];
    if (EVP_Digest(bytes, len, digest, NULL, EVP_sha256(), NULL) != 1)
        abort();
    to_hex(digest, hex);
}

int pasar_sha256_file(const char *path, char hex[PASAR_SHA256_HEX + 1], struct pasar_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return pasar_err_errno(err, PASAR_ENOINPUT, "open %s", path);
    int rc = pasar_sha256_fd(fd, path, hex, NULL, err);
    close(fd);
    return rc;
}

int pasar_sha256_fd(int fd, const char *path, char hex[PASAR_SHA256_HEX + 1], uint64_t *size, struct pasar_err *err)
{
    struct pasar_sha256 *sha = pasar_sha256_new();
    char *bytes = malloc(READ_BYTES);
    uint64_t total = 0;
    ssize_t n = 0;
    int rc = -1;

    if (sha == NULL || bytes == NULL) {
        pasar_err_nomem(err, "a checksum");
        goto out;
    }
    for (;;) {
        n = pread(fd, bytes, READ_BYTES, (off_t)total);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        pasar_sha256_add(sha, bytes, (size_t)n);
        total += (uint64_t)n;
    }
    if (n < 0) {
        pasar_err_errno(err, PASAR_EIO, "read %s", path);
        goto out;
    }
    if (size != NULL)
        *size = total;
    rc = 0;
out:
    free(bytes);
    if (sha != NULL) {
        char unused[PASAR_SHA256_HEX + 1];
        pasar_sha256_finish(sha, rc == 0 ? hex : unused);
    }
    return rc;
}

/* ------------------------------------------------------------------ XXH3 */

#ifdef PASAR_XXH_DISPATCH
enum { XXH3_SCALAR_MAX = 240 }; /* bytes; longer inputs take the widest vectors (xxHash, "XXH3 algorithm overview") */

__attribute__((target("avx"))) static void clear_upper_halves(void)
{
    _mm256_zeroupper();
}

/* xxHash 0.8.1, as Debian builds it, leaves the upper halves of the vector registers in use. While they are, every
 * change between SSE and AVX instructions costs Intel's processors some hundred cycles, in this thread and in all that
 * it starts: expf, say, takes fifty times as long. */
static void after_hash(size_t len)
{
    if (len > XXH3_SCALAR_MAX && __builtin_cpu_supports("avx"))
        clear_upper_halves();
}
#else
static void after_hash(size_t len)
{
    (void)len;
}
#endif

uint64_t pasar_hash_row(uint64_t row, const void *value, size_t len)
{
    uint64_t hash = XXH3_64bits_withSeed(value, len, row);
    after_hash(len);
    return hash;
}

uint64_t pasar_hash64(const void *bytes, size_t len)
{
    uint64_t hash = XXH3_64bits(bytes, len);
    after_hash(len);
    return hash;
}
