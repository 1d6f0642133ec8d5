/* .meta.json: what a batch directory belongs to. Offsets of another cluster, topic or group mean nothing in it. */
#include "consumer/meta.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <jansson.h>

#include "pasar/atomicfile.h"

static int check_member(const char *path, const json_t *root, const char *name, const char *wanted, const char *advice,
                        struct pasar_err *err)
{
    const char *found = json_string_value(json_object_get(root, name));

    if (found == NULL)
        return pasar_err_set(err, PASAR_EDATA, "%s: no \"%s\"", path, name);
    if (strcmp(found, wanted) == 0 || found[0] == '\0' || wanted[0] == '\0')
        return 0;
    return pasar_err_set(err, PASAR_EDATA, "%s belongs to %s %s, not to %s: %s", path, name, found, wanted, advice);
}

/* What the file says beside what is compared: the directory's name, and its cluster, "" when that was not known. */
static int take(const char *path, const json_t *root, char id[META_ID_LEN + 1], char **cluster_id,
                struct pasar_err *err)
{
    const char *found = json_string_value(json_object_get(root, "directory_id"));

    if (found == NULL || strlen(found) != META_ID_LEN)
        return pasar_err_set(err, PASAR_EDATA, "%s: no \"directory_id\"", path);
    memcpy(id, found, META_ID_LEN + 1);
    free(*cluster_id);
    *cluster_id = strdup(json_string_value(json_object_get(root, "cluster_id")));
    return *cluster_id != NULL ? 0 : pasar_err_nomem(err, META_FILE);
}

/* 0 = it is ours, 1 = there is none, -1 = err. */
static int check(const char *path, const struct meta *meta, char id[META_ID_LEN + 1], char **cluster_id,
                 struct pasar_err *err)
{
    json_error_t why;
    json_t *root;
    int result;

    if (access(path, F_OK) != 0 && errno == ENOENT)
        return 1;
    root = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL)
        return pasar_err_set(err, PASAR_EDATA, "%s: line %d: %s", path, why.line, why.text);
    if (json_integer_value(json_object_get(root, "format")) != META_FORMAT)
        result = pasar_err_set(err, PASAR_EDATA, "%s: not of format %d: written by another version of pasar-consumer",
                               path, META_FORMAT);
    else
        result =
            check_member(path, root, "cluster_id", meta->cluster_id, "use another --output for another cluster", err);
    if (result == 0)
        result = check_member(path, root, "topic", meta->topic, "use another --output for another topic", err);
    if (result == 0)
        result = check_member(path, root, "group", meta->group, "use another --output for another group", err);
    if (result == 0)
        result = take(path, root, id, cluster_id, err);
    json_decref(root);
    return result;
}

static int write_meta(const char *dir, const struct meta *meta, const char *id, enum pasar_publish mode,
                      struct pasar_err *err)
{
    json_t *root = json_pack("{s:i, s:s, s:s, s:s, s:s}", "format", META_FORMAT, "cluster_id", meta->cluster_id,
                             "topic", meta->topic, "group", meta->group, "directory_id", id);
    char *text = root != NULL ? json_dumps(root, JSON_INDENT(2)) : NULL;
    int result;

    json_decref(root);
    if (text == NULL)
        return pasar_err_nomem(err, META_FILE);
    result = pasar_atomicfile_publish(dir, META_FILE, text, strlen(text), mode, err);
    free(text);
    return result;
}

/* A directory's first claim. Another consumer may be faster: then its file stays. */
static int write_first(const char *dir, const char *path, const struct meta *meta, struct pasar_err *err)
{
    struct pasar_err write_err = PASAR_ERR_INIT;
    char id[META_ID_LEN + 1];
    uint64_t random;

    if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return pasar_err_errno(err, PASAR_EOS, "getrandom");
    snprintf(id, sizeof(id), "%016" PRIx64, random);
    if (write_meta(dir, meta, id, PASAR_NOREPLACE, &write_err) != 0 && access(path, F_OK) != 0)
        return pasar_err_set(err, write_err.code, "%s", write_err.msg);
    return 0;
}

int meta_claim(const char *dir, const struct meta *meta, char id[META_ID_LEN + 1], char **cluster_id,
               struct pasar_err *err)
{
    char *path = NULL, *cluster = NULL;
    int result;

    if (asprintf(&path, "%s/" META_FILE, dir) < 0)
        return pasar_err_nomem(err, META_FILE);
    result = check(path, meta, id, &cluster, err);
    if (result == 1) {
        result = write_first(dir, path, meta, err);
        if (result == 0)
            result = check(path, meta, id, &cluster, err); /* ours, or that of the first: then it must agree */
    }
    if (result == 0 && cluster[0] == '\0' && meta->cluster_id[0] != '\0') {
        result = write_meta(dir, meta, id, PASAR_REPLACE, err);
        if (result == 0)
            result = check(path, meta, id, &cluster, err); /* another consumer may have filled it in, too */
    }
    free(path);
    if (result == 0 && cluster_id != NULL) {
        *cluster_id = cluster;
        cluster = NULL;
    }
    free(cluster);
    return result;
}
