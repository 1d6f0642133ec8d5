/* The operands of the command line as a list of files: what the shell left unexpanded is expanded here. */
#ifndef PRODUCER_INPUTS_H
#define PRODUCER_INPUTS_H

#include "pasar/attrs.h"
#include "pasar/err.h"

struct inputs {
    char **files; /* owned, closed by NULL */
    int count;
};

/*
 * Copies the operands; one with *, ? or [ that names no file becomes the files that it matches, sorted by name
 * (glob(3)). 0, or -1 with err: PASAR_ENOINPUT when nothing matches. Free with inputs_fini in every case.
 */
int inputs_expand(struct inputs *inputs, char *const *operands, int operand_count,
                  struct pasar_err *err) PASAR_MUSTCHECK;
void inputs_fini(struct inputs *inputs);

/* Refuses (-1, PASAR_EUSAGE, naming `option`) to write to `path` when that is one of the files. NULL is fine. */
int inputs_spare(const struct inputs *inputs, const char *option, const char *path,
                 struct pasar_err *err) PASAR_MUSTCHECK;

#endif
