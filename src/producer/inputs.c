/* The operands of the command line as a list of files. */
#include "producer/inputs.h"

#include <glob.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void inputs_fini(struct inputs *inputs)
{
    for (int i = 0; i < inputs->count; i++)
        free(inputs->files[i]);
    free(inputs->files);
    *inputs = (struct inputs){0};
}

static int add(struct inputs *inputs, const char *file, struct pasar_err *err)
{
    char **files = reallocarray(inputs->files, (size_t)inputs->count + 2, sizeof(*files));
    char *copy = strdup(file);

    if (files != NULL)
        inputs->files = files;
    if (files == NULL || copy == NULL) {
        free(copy);
        return pasar_err_nomem(err, "input files");
    }
    files[inputs->count++] = copy;
    files[inputs->count] = NULL;
    return 0;
}

static int add_matches(struct inputs *inputs, const char *pattern, struct pasar_err *err)
{
    glob_t found;
    int result = 0;

    switch (glob(pattern, 0, NULL, &found)) {
    case 0:
        break;
    case GLOB_NOMATCH:
        return pasar_err_set(err, PASAR_ENOINPUT, "no file matches %s", pattern);
    case GLOB_NOSPACE:
        return pasar_err_nomem(err, "input files");
    default:
        return pasar_err_errno(err, PASAR_ENOINPUT, "look for %s", pattern);
    }
    for (size_t i = 0; i < found.gl_pathc && result == 0; i++)
        result = add(inputs, found.gl_pathv[i], err);
    globfree(&found);
    return result;
}

int inputs_expand(struct inputs *inputs, char *const *operands, int operand_count, struct pasar_err *err)
{
    *inputs = (struct inputs){0};
    for (int i = 0; i < operand_count; i++) {
        bool is_pattern = strpbrk(operands[i], "*?[") != NULL && access(operands[i], F_OK) != 0;

        if ((is_pattern ? add_matches(inputs, operands[i], err) : add(inputs, operands[i], err)) != 0)
            return -1;
    }
    return 0;
}

int inputs_spare(const struct inputs *inputs, const char *option, const char *path, struct pasar_err *err)
{
    struct stat out, in;

    if (path == NULL || stat(path, &out) != 0 || !S_ISREG(out.st_mode))
        return 0;
    for (int i = 0; i < inputs->count; i++)
        if (stat(inputs->files[i], &in) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
            return pasar_err_set(err, PASAR_EUSAGE, "%s %s would overwrite the input %s", option, path,
                                 inputs->files[i]);
    return 0;
}
