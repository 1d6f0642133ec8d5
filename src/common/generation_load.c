/* Loading a generation: the directory is opened once, then everything inside it, and nothing is believed unchecked. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "generation_private.h"
#include "pasar/buf.h"
#include "pasar/hash.h"

/* Of a failed open: want of descriptors or memory passes and says nothing about the files. */
static enum pasar_code cause(enum pasar_code otherwise)
{
    return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? PASAR_EOS : errno == EIO ? PASAR_EIO : otherwise;
}

/* Opens a regular file inside the generation; no links, and no waiting for the writer of a FIFO. -1 with err. */
static int open_inside(int dirfd, const char *name, struct stat *st, struct pasar_err *err)
{
    int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return pasar_err_errno(err, cause(PASAR_EDATA), "open %s", name);
    if (fstat(fd, st) != 0) {
        pasar_err_errno(err, PASAR_EIO, "stat %s", name);
    } else if (!S_ISREG(st->st_mode)) {
        pasar_err_set(err, PASAR_EDATA, "%s: not a regular file", name);
    } else {
        return fd;
    }
    close(fd);
    return -1;
}

/* The whole file into `buf`; one that changes its size meanwhile is refused. */
static int read_inside(int dirfd, const char *name, int64_t bytes_max, struct pasar_buf *buf, struct pasar_err *err)
{
    struct stat st;
    int fd = open_inside(dirfd, name, &st, err), rc = -1;
    ssize_t n = 0;

    if (fd < 0)
        return -1;
    pasar_buf_reset(buf);
    if (st.st_size > bytes_max) {
        pasar_err_set(err, PASAR_EDATA, "%s: larger than %lld bytes", name, (long long)bytes_max);
        goto out;
    }
    /* One byte of room more than the size tells growth from the end. */
    if (pasar_buf_reserve(buf, (size_t)st.st_size + 1) != 0) {
        pasar_err_nomem(err, name);
        goto out;
    }
    while (buf->len <= (size_t)st.st_size) {
        n = read(fd, buf->data + buf->len, (size_t)st.st_size + 1 - buf->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        buf->len += (size_t)n;
    }
    if (n < 0)
        pasar_err_errno(err, PASAR_EIO, "read %s", name);
    else if (buf->len != (size_t)st.st_size)
        pasar_err_set(err, PASAR_EDATA, "%s: changes while it is read", name);
    else
        rc = 0;
out:
    close(fd);
    return rc;
}

static int load_manifest(struct pasar_manifest *manifest, int dirfd, const char *name, struct pasar_buf *buf,
                         struct pasar_err *err)
{
    uint64_t number;

    if (read_inside(dirfd, PASAR_GENERATION_MANIFEST, PASAR_GENERATION_MANIFEST_BYTES_MAX, buf, err) != 0)
        return -1;
    if (pasar_manifest_from_json(manifest, buf->data, buf->len, err) != 0)
        return pasar_err_context(err, PASAR_GENERATION_MANIFEST);
    if (!pasar_generation_name_parse(name, &number) || number != manifest->generation)
        return pasar_err_set(err, PASAR_EDATA, "%s: is of generation %llu", PASAR_GENERATION_MANIFEST,
                             (unsigned long long)manifest->generation);
    return 0;
}

static int check_file(const struct pasar_manifest_file *file, uint64_t bytes, const char *sha256, struct pasar_err *err)
{
    if (bytes != file->bytes)
        return pasar_err_set(err, PASAR_EDATA, "%s: has %llu bytes, the manifest says %llu", file->name,
                             (unsigned long long)bytes, (unsigned long long)file->bytes);
    if (strcmp(sha256, file->sha256) != 0)
        return pasar_err_set(err, PASAR_EDATA, "%s: checksum does not match the manifest", file->name);
    return 0;
}

static int load_model(struct pasar_generation *generation, int dirfd, int m, struct pasar_buf *buf,
                      struct pasar_err *err)
{
    const struct pasar_manifest_file *file = &generation->manifest.files[m];
    struct pasar_model *model = &generation->models[m];
    char hex[PASAR_SHA256_HEX + 1];

    if (read_inside(dirfd, file->name, PASAR_GENERATION_MODEL_BYTES_MAX, buf, err) != 0)
        return -1;
    pasar_sha256_bytes(buf->data, buf->len, hex);
    if (check_file(file, buf->len, hex, err) != 0)
        return -1;
    if (pasar_model_from_json(model, buf->data, buf->len, err) != 0)
        return pasar_err_context(err, "%s", file->name);
    if (model->number != m + 1 || model->rows != generation->manifest.model_rows[m])
        return pasar_err_set(err, PASAR_EDATA, "%s: is model %d of %llu rows, the manifest says model %d of %llu",
                             file->name, model->number, (unsigned long long)model->rows, m + 1,
                             (unsigned long long)generation->manifest.model_rows[m]);
    return 0;
}

static int load_products(struct pasar_generation *generation, int dirfd, struct pasar_err *err)
{
    const struct pasar_manifest_file *file = &generation->manifest.files[PASAR_MODELS];
    char hex[PASAR_SHA256_HEX + 1];
    struct stat st;
    uint64_t bytes;

    generation->products_fd = open_inside(dirfd, file->name, &st, err);
    if (generation->products_fd < 0 || pasar_sha256_fd(generation->products_fd, file->name, hex, &bytes, err) != 0)
        return -1;
    return check_file(file, bytes, hex, err);
}

/* products.csv has the size that the manifest tells. */
static int weigh_products(const struct pasar_manifest *manifest, int dirfd, struct pasar_err *err)
{
    const struct pasar_manifest_file *file = &manifest->files[PASAR_MODELS];
    struct stat st;
    int fd = open_inside(dirfd, file->name, &st, err);

    if (fd < 0)
        return -1;
    close(fd);
    return check_file(file, (uint64_t)st.st_size, file->sha256, err);
}

/* Opens <models_dir>/<name>, itself no link, or -1 with err. */
static int open_directory(const char *models_dir, const char *name, struct pasar_err *err)
{
    int parent = open(models_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return pasar_err_errno(err, cause(PASAR_ENOINPUT), "open directory %s", models_dir);
    int dirfd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dirfd < 0)
        pasar_err_errno(err, cause(PASAR_EDATA), "open directory %s/%s", models_dir, name);
    close(parent);
    return dirfd;
}

/* Manifest and models. */
static int load_json(struct pasar_generation *generation, int dirfd, const char *name, struct pasar_err *err)
{
    struct pasar_buf buf = {0};
    int rc = load_manifest(&generation->manifest, dirfd, name, &buf, err);

    for (int m = 0; rc == 0 && m < PASAR_MODELS; m++)
        rc = load_model(generation, dirfd, m, &buf, err);
    if (rc == 0 && pasar_agreement_check(&generation->manifest, generation->models, err) != 0)
        rc = pasar_err_context(err, PASAR_GENERATION_MANIFEST);
    pasar_buf_fini(&buf);
    return rc;
}

int pasar_generation_load(struct pasar_generation *generation, const char *models_dir, const char *name,
                          struct pasar_err *err)
{
    uint64_t number;
    int rc, dirfd;

    *generation = (struct pasar_generation){.products_fd = -1};
    if (!pasar_generation_name_parse(name, &number))
        return pasar_err_set(err, PASAR_EDATA, "'%s' is no generation", name);
    dirfd = open_directory(models_dir, name, err);
    if (dirfd < 0)
        return -1;
    rc = load_json(generation, dirfd, name, err);
    if (rc == 0)
        rc = load_products(generation, dirfd, err);
    close(dirfd);
    if (rc != 0) {
        pasar_err_context(err, "generation %s/%s", models_dir, name);
        pasar_generation_fini(generation);
    }
    return rc;
}

int pasar_generation_prove(const char *models_dir, const char *hidden, const char *name, struct pasar_err *err)
{
    struct pasar_generation generation = {.products_fd = -1};
    int dirfd = open_directory(models_dir, hidden, err);

    if (dirfd < 0)
        return -1;
    int rc = load_json(&generation, dirfd, name, err);
    if (rc == 0)
        rc = weigh_products(&generation.manifest, dirfd, err);
    close(dirfd);
    pasar_generation_fini(&generation);
    return rc;
}

void pasar_generation_fini(struct pasar_generation *generation)
{
    pasar_manifest_fini(&generation->manifest);
    for (int m = 0; m < PASAR_MODELS; m++)
        pasar_model_fini(&generation->models[m]);
    pasar_generation_close_products(generation);
}

void pasar_generation_close_products(struct pasar_generation *generation)
{
    if (generation->products_fd >= 0)
        close(generation->products_fd);
    generation->products_fd = -1;
}
