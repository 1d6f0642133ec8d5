/*
 * Batch files without a broker: reads product records as JSON lines (as `pasar-producer --sink stdout` writes them) on
 * stdin and publishes them as one partition's batches, through the same code as the consumer. Prints
 * {"rows":…,"batches":…,"bytes":…}.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "pasar/batch.h"
#include "pasar/err.h"
#include "pasar/num.h"
#include "pasar/record.h"

static const char topic[] = "bench";

struct maker {
    const char *dir;
    uint64_t batch_records;
    struct pasar_batch_writer *writer; /* NULL between batches */
    uint64_t rows, batches, bytes;
};

static int publish(struct maker *maker, struct pasar_err *err)
{
    struct pasar_batch_stats stats;
    struct pasar_batch_writer *writer = maker->writer;

    if (writer == NULL)
        return 0;
    maker->writer = NULL;
    pasar_batch_writer_stats(writer, &stats);
    maker->batches++;
    maker->bytes += stats.bytes;
    return pasar_batch_writer_publish(writer, err);
}

static int add_line(struct maker *maker, const char *line, size_t len, struct pasar_buf *scratch, struct pasar_err *err)
{
    struct pasar_record record;
    int64_t offset = (int64_t)maker->rows;

    if (pasar_record_from_json(&record, line, len, scratch, err) != 0)
        return pasar_err_context(err, "line %" PRIu64, maker->rows + 1);
    if (maker->writer == NULL) {
        maker->writer = pasar_batch_writer_open(maker->dir, topic, 0, offset, err);
        if (maker->writer == NULL)
            return -1;
    }
    maker->rows++;
    if (pasar_batch_writer_add(maker->writer, offset, &record, "bench", maker->rows, line, len, err) != 0)
        return -1;
    return maker->rows % maker->batch_records == 0 ? publish(maker, err) : 0;
}

int main(int argc, char **argv)
{
    struct maker maker = {0};
    struct pasar_buf scratch = {0};
    struct pasar_err err = PASAR_ERR_INIT;
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    int status = 0;

    if (argc != 3 || pasar_num_u64(argv[2], strlen(argv[2]), &maker.batch_records) != 0 || maker.batch_records == 0) {
        fputs("Usage: pasar-producer --sink stdout CSV | bench_make_batches DIR RECORDS-PER-BATCH\n", stderr);
        return EX_USAGE;
    }
    maker.dir = argv[1];
    while (status == 0 && (len = getline(&line, &cap, stdin)) > 0) {
        if (line[len - 1] == '\n')
            len--;
        status = add_line(&maker, line, (size_t)len, &scratch, &err);
    }
    if (status == 0 && ferror(stdin))
        status = pasar_err_errno(&err, PASAR_EIO, "stdin");
    if (status == 0)
        status = publish(&maker, &err);
    pasar_batch_writer_abort(maker.writer);
    pasar_buf_fini(&scratch);
    free(line);
    if (status != 0) {
        fprintf(stderr, "bench_make_batches: %s\n", err.msg);
        return (int)err.code;
    }
    printf("{\"rows\":%" PRIu64 ",\"batches\":%" PRIu64 ",\"bytes\":%" PRIu64 "}\n", maker.rows, maker.batches,
           maker.bytes);
    return EX_OK;
}
