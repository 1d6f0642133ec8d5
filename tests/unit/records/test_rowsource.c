/* Several input files as one stream of rows: order, gzip, pipes, and what stops a run before it starts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zlib.h>

#include "producer/rowsource.h"
#include "tempdir.h"

#define HEADER                                                                                                         \
    "product_id,product_name,category,discounted_price,actual_price,discount_percentage,rating,rating_count,"          \
    "about_product,user_id,user_name,review_id,review_title,review_content,img_link,product_link\n"
#define REST ",n,A|B,1,2,3%,4,5,t,u,v,r,w,x,y,z\n"

static char dir[TEMPDIR_MAX];
static char path[6][256];

static int setup(void **state)
{
    (void)state;
    tempdir_make(dir);
    for (int i = 0; i < 6; i++)
        snprintf(path[i], sizeof path[i], "%s/%d.csv", dir, i);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tempdir_remove(dir);
    return 0;
}

static void write_file(int i, const char *text)
{
    tempdir_write(dir, strrchr(path[i], '/') + 1, text, strlen(text));
}

static void write_gzip(int i, const char *text, const char *mode)
{
    FILE *file = fopen(path[i], mode);
    gzFile gz = gzdopen(dup(fileno(file)), mode);

    assert_int_equal(gzwrite(gz, text, (unsigned)strlen(text)), strlen(text));
    assert_int_equal(gzclose(gz), Z_OK);
    fclose(file);
}

/* Ids of all rows, rejects as '!' and the row number. */
static void read_ids(struct rowsource *source, char *ids, size_t size)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct rowsource_row row;
    size_t len = 0;

    ids[0] = '\0';
    for (;;) {
        switch (rowsource_next(source, &row, &err)) {
        case ROWSOURCE_ROW:
            len += (size_t)snprintf(ids + len, size - len, "%.*s:%d ", (int)row.record.text[PASAR_COL_PRODUCT_ID].len,
                                    row.record.text[PASAR_COL_PRODUCT_ID].data, (int)row.row);
            continue;
        case ROWSOURCE_REJECT:
            len += (size_t)snprintf(ids + len, size - len, "!:%d ", (int)row.row);
            continue;
        case ROWSOURCE_IDLE:
            snprintf(ids + len, size - len, "idle");
            return;
        case ROWSOURCE_END:
            return;
        case ROWSOURCE_ERROR:
            snprintf(ids + len, size - len, "%s", err.msg);
            return;
        }
    }
}

static void test_rowsource__files_are_one_stream_in_order(void **state)
{
    char *files[] = {path[0], path[1], path[2], path[3]};
    struct pasar_err err = PASAR_ERR_INIT;
    char ids[512];
    struct stat st;
    uint64_t total = 0;

    (void)state;
    write_file(0, HEADER "A" REST "B" REST);
    write_gzip(1, HEADER "C" REST, "wb");
    write_gzip(1, "bad\nD" REST, "ab"); /* a second member */
    write_file(2, HEADER);
    write_file(3, "\xef\xbb\xbf" HEADER "E" REST);
    struct rowsource *source = rowsource_open(files, 4, 1 << 20, &err);
    assert_non_null(source);
    read_ids(source, ids, sizeof ids);
    assert_string_equal(ids, "A:1 B:2 C:3 !:4 D:5 E:6 ");
    for (int i = 0; i < 4; i++) {
        assert_int_equal(stat(path[i], &st), 0);
        total += (uint64_t)st.st_size;
    }
    assert_int_equal(rowsource_total(source), total);
    assert_int_equal(rowsource_offset(source), total);
    rowsource_free(source);
}

static void check_refused(char **files, int count, enum pasar_code code, const char *reason)
{
    struct pasar_err err = PASAR_ERR_INIT;
    struct rowsource *source = rowsource_open(files, count, 1 << 20, &err);

    assert_null(source);
    assert_int_equal(err.code, code);
    if (strstr(err.msg, reason) == NULL || strstr(err.msg, files[count - 1]) == NULL)
        fail_msg("'%s' does not say '%s' of %s", err.msg, reason, files[count - 1]);
}

static void test_rowsource__a_bad_file_stops_the_run_before_its_first_row(void **state)
{
    char *files[] = {path[0], path[1]};
    static const struct {
        const char *text, *reason;
    } bad[] = {
        {"", "is empty"},
        {"\xef\xbb\xbf", "is empty"},
        {"product_id,rating\nB,4\n", "missing column: product_name, category"},
        {"\xff\xfep\0r\0", "iconv"},
        {"\xfe\xff", "iconv"},
        {"product_id,\xff\n", "invalid UTF-8"},
    };

    (void)state;
    write_file(0, HEADER "A" REST);
    for (size_t i = 0; i < PASAR_ARRAY_LEN(bad); i++) {
        write_file(1, bad[i].text);
        check_refused(files, 2, PASAR_EDATA, bad[i].reason);
    }
    assert_int_equal(unlink(path[1]), 0);
    check_refused(files, 2, PASAR_ENOINPUT, "No such file");
    assert_int_equal(mkdir(path[1], 0755), 0);
    check_refused(files, 2, PASAR_ENOINPUT, "is a directory");
    assert_int_equal(rmdir(path[1]), 0);
    assert_int_equal(symlink(path[1], path[1]), 0);
    check_refused(files, 2, PASAR_ENOINPUT, "symbolic links");
}

static void test_rowsource__damaged_gzip_is_an_error_after_the_good_rows(void **state)
{
    char *files[] = {path[0]};
    struct pasar_err err = PASAR_ERR_INIT;
    char ids[512];
    struct stat st;

    (void)state;
    write_gzip(0, HEADER "A" REST, "wb");
    assert_int_equal(stat(path[0], &st), 0);
    assert_int_equal(truncate(path[0], st.st_size - 4), 0);
    struct rowsource *source = rowsource_open(files, 1, 1 << 20, &err);
    assert_non_null(source);
    read_ids(source, ids, sizeof ids);
    assert_ptr_equal(strstr(ids, "A:1 "), ids);
    assert_non_null(strstr(ids, "0.csv: damaged gzip data: the file ends in the middle"));
    rowsource_free(source);
}

static void test_rowsource__pipes_are_read_once(void **state)
{
    char *files[] = {path[0], path[1]};
    struct pasar_err err = PASAR_ERR_INIT;
    char ids[512];

    (void)state;
    assert_int_equal(mkfifo(path[0], 0600), 0);
    write_file(1, HEADER "B" REST);
    struct rowsource *source = rowsource_open(files, 2, 1 << 20, &err);
    assert_non_null(source);
    assert_int_equal(rowsource_total(source), 0); /* unknown */
    pid_t child = fork();
    if (child == 0) { /* each side's open waits for the other */
        static const char text[] = HEADER "A" REST;
        int fd = open(path[0], O_WRONLY);
        _exit(fd >= 0 && write(fd, text, sizeof text - 1) == sizeof text - 1 ? 0 : 1);
    }
    struct rowsource_row row;
    assert_int_equal(rowsource_next(source, &row, &err), ROWSOURCE_ROW);
    assert_int_equal(row.row, 1);
    read_ids(source, ids, sizeof ids);
    assert_string_equal(ids, "B:2 ");
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    rowsource_free(source);
}

/* Idle three times, then it has had enough. */
static bool have_patience(void *ctx)
{
    return ++*(int *)ctx < 3;
}

static void test_rowsource__a_silent_pipe_can_be_left(void **state)
{
    char *files[] = {path[0]};
    static const char text[] = HEADER "A" REST "B";
    struct pasar_err err = PASAR_ERR_INIT;
    char ids[512];
    int idle = 0;

    (void)state;
    assert_int_equal(mkfifo(path[0], 0600), 0);
    struct rowsource *source = rowsource_open(files, 1, 1 << 20, &err);
    assert_non_null(source);
    rowsource_set_idle(source, have_patience, &idle);
    read_ids(source, ids, sizeof ids); /* nobody has it open for writing */
    assert_string_equal(ids, "idle");
    assert_int_equal(idle, 3);
    idle = 0;
    int fd = open(path[0], O_RDWR);
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    read_ids(source, ids, sizeof ids);
    assert_string_equal(ids, "A:1 idle"); /* and not half of B */
    assert_int_equal(err.code, PASAR_OK);
    rowsource_free(source);
    close(fd);
}

/* Changes path[i] in one of several ways. */
static void change(int i, int how)
{
    static const char text[] = HEADER "A" REST "B" REST "C" REST;
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1000000000}};
    char other[sizeof path[0] + 8];
    int fd;

    switch (how) {
    case 0: /* cut in the last row */
        assert_int_equal(truncate(path[i], sizeof text - 5), 0);
        break;
    case 1: /* grown */
        fd = open(path[i], O_WRONLY | O_APPEND);
        assert_int_equal(write(fd, "D" REST, sizeof "D" REST - 1), sizeof "D" REST - 1);
        close(fd);
        break;
    case 2: /* written to */
        assert_int_equal(utimensat(AT_FDCWD, path[i], times, 0), 0);
        break;
    default: /* replaced, of the same size and age */
        snprintf(other, sizeof other, "%s.new", path[i]);
        assert_int_equal(rename(path[i], other), 0);
        write_file(i, text);
        assert_int_equal(unlink(other), 0);
    }
}

static void test_rowsource__a_file_that_changes_has_no_end(void **state)
{
    char *files[] = {path[0], path[1]};
    struct pasar_err err = PASAR_ERR_INIT;
    char ids[512];

    (void)state;
    for (int how = 0; how < 3; how++) { /* while it is read; one that is replaced is still read to its end */
        write_file(0, HEADER "A" REST "B" REST "C" REST);
        struct rowsource *source = rowsource_open(files, 1, 1 << 20, &err);
        struct rowsource_row row;
        assert_int_equal(rowsource_next(source, &row, &err), ROWSOURCE_ROW);
        change(0, how);
        read_ids(source, ids, sizeof ids);
        assert_non_null(strstr(ids, "B:2 "));
        assert_non_null(strstr(ids, "0.csv: it was changed while it was read"));
        rowsource_rewind(source);
        read_ids(source, ids, sizeof ids);
        assert_non_null(strstr(ids, "0.csv: it was changed or replaced since the start"));
        assert_null(strstr(ids, "A:1"));
        rowsource_free(source);
    }
    write_file(0, HEADER "A" REST);
    for (int how = 0; how < 4; how++) { /* before its turn */
        write_file(1, HEADER "A" REST "B" REST "C" REST);
        struct rowsource *source = rowsource_open(files, 2, 1 << 20, &err);
        change(1, how);
        read_ids(source, ids, sizeof ids);
        assert_ptr_equal(strstr(ids, "A:1 "), ids);
        assert_non_null(strstr(ids, "1.csv: it was changed or replaced since the start"));
        rowsource_free(source);
    }
}

static void test_rowsource__rewinds_to_the_first_row(void **state)
{
    char *files[] = {path[0], path[1]};
    struct pasar_err err = PASAR_ERR_INIT;
    struct rowsource_row row;
    char ids[512];

    (void)state;
    write_file(0, HEADER "A" REST "B" REST);
    write_gzip(1, HEADER "C,n,c,,x,101%,|,2.5,t,u,v,r,w,x,y,z\n", "wb");
    struct rowsource *source = rowsource_open(files, 2, 1 << 20, &err);
    assert_int_equal(rowsource_next(source, &row, &err), ROWSOURCE_ROW);
    for (int i = 0; i < 2; i++) {
        rowsource_rewind(source);
        read_ids(source, ids, sizeof ids);
        assert_string_equal(ids, "A:1 B:2 C:3 ");
        assert_int_equal(rowsource_counts(source)->missing[PASAR_COL_DISCOUNTED_PRICE], 1);
        assert_int_equal(rowsource_offset(source), rowsource_total(source));
    }
    rowsource_free(source);
}

static void test_rowsource__standard_input_is_a_file_too(void **state)
{
    char *files[] = {(char[]){"-"}};
    struct pasar_err err = PASAR_ERR_INIT;
    struct rowsource_row row;
    int saved = dup(STDIN_FILENO);

    (void)state;
    write_file(0, HEADER "bad\n");
    int fd = open(path[0], O_RDONLY);
    assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    struct rowsource *source = rowsource_open(files, 1, 1 << 20, &err);
    assert_non_null(source);
    assert_int_equal(rowsource_next(source, &row, &err), ROWSOURCE_REJECT);
    assert_string_equal(row.file, "(stdin)");
    assert_int_equal(row.line, 2);
    assert_int_equal(rowsource_next(source, &row, &err), ROWSOURCE_END);
    rowsource_free(source);
    dup2(saved, STDIN_FILENO);
    close(saved);
    close(fd);
}

static void test_rowsource__nulls_are_counted_by_cause(void **state)
{
    char *files[] = {path[0]};
    struct pasar_err err = PASAR_ERR_INIT;
    char ids[512];

    (void)state;
    write_file(0, HEADER "A,n,c,,x,101%,|,2.5,t,u,v,r,w,x,y,\n"
                         "B,n,c,,x,101%,|,2.5,t,u,v,r,w,x,y\n" /* rejected: its nulls do not count */
                         ",n,c,,x,101%,|,2.5,t,u,v,r,w,x,y,z\n");
    struct rowsource *source = rowsource_open(files, 1, 1 << 20, &err);
    assert_non_null(source);
    read_ids(source, ids, sizeof ids);
    assert_string_equal(ids, "A:1 !:2 !:3 ");
    const struct pasar_clean_counts *counts = rowsource_counts(source);
    assert_int_equal(counts->missing[PASAR_COL_DISCOUNTED_PRICE], 1);
    assert_int_equal(counts->missing[PASAR_COL_PRODUCT_LINK], 1);
    assert_int_equal(counts->unparseable[PASAR_COL_ACTUAL_PRICE], 1);
    assert_int_equal(counts->out_of_range[PASAR_COL_DISCOUNT_PERCENTAGE], 1);
    assert_int_equal(counts->unparseable[PASAR_COL_RATING], 1);
    assert_int_equal(counts->out_of_range[PASAR_COL_RATING_COUNT], 1);
    rowsource_free(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rowsource__files_are_one_stream_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rowsource__a_bad_file_stops_the_run_before_its_first_row, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rowsource__damaged_gzip_is_an_error_after_the_good_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rowsource__pipes_are_read_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rowsource__a_silent_pipe_can_be_left, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rowsource__a_file_that_changes_has_no_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rowsource__rewinds_to_the_first_row, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rowsource__standard_input_is_a_file_too, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rowsource__nulls_are_counted_by_cause, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
