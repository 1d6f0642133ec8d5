/* Bodies, conditional requests, problems, links, and the guard of framing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "api/blob.h"
#include "api/guard.h"
#include "api/relax.h"
#include "api/reply.h"

static void test_blob__gzip_unpacks_to_the_same(void **state)
{
    (void)state;
    char *text = malloc(50000), out[50001];
    struct pasar_err err = PASAR_ERR_INIT;
    struct blob blob;
    for (size_t i = 0; i < 50000; i++)
        text[i] = (char)('a' + i * i % 17);
    assert_int_equal(blob_borrow(&blob, text, 50000, &err), 0);
    assert_true(blob.gzip && blob.gzip_len < 25000);
    z_stream z = {.next_in = (Bytef *)blob.gzip,
                  .avail_in = (uInt)blob.gzip_len,
                  .next_out = (Bytef *)out,
                  .avail_out = sizeof out};
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.total_out, 50000);
    assert_memory_equal(out, text, 50000);
    inflateEnd(&z);
    blob_fini(&blob);
    assert_int_equal(blob_borrow(&blob, text, 100, &err), 0); /* too small to be worth it */
    assert_null(blob.gzip);
    blob_fini(&blob);
    free(text);
}

static void test_blob__accept_encoding_is_read_with_weights(void **state)
{
    (void)state;
    static const char *const yes[] = {"gzip", "GZIP",   "deflate, gzip", "gzip;q=0.5",           "br;q=1, gzip;q=0.001",
                                      "*",    "x-gzip", "gzip ; q=1",    "identity;q=0, *;q=0.1"};
    static const char *const no[] = {"",        "gzip;q=0", "gzip;q=0.000", "br",      "deflate",
                                     "gzipped", "*;q=0",    "gzip;q=0, *",  "identity"};
    for (size_t i = 0; i < PASAR_ARRAY_LEN(yes); i++)
        assert_true(blob_accepts_gzip(yes[i]));
    for (size_t i = 0; i < PASAR_ARRAY_LEN(no); i++)
        assert_false(blob_accepts_gzip(no[i]));
    assert_false(blob_accepts_gzip(NULL));
}

static void test_blob__if_none_match_compares_weakly(void **state)
{
    (void)state;
    static const char etag[] = "\"0123456789abcdef\"";
    assert_true(blob_matches("\"0123456789abcdef\"", etag));
    assert_true(blob_matches("W/\"0123456789abcdef\"", etag));
    assert_true(blob_matches("\"x\", \"0123456789abcdef\"", etag));
    assert_true(blob_matches("\"a,b\" , W/\"0123456789abcdef-gz\"", "\"0123456789abcdef-gz\""));
    assert_true(blob_matches("*", etag));
    assert_false(blob_matches("\"0123456789abcdef-gz\"", etag));
    assert_false(blob_matches("\"0123456789abcde\"", etag));
    assert_false(blob_matches("0123456789abcdef", etag));
    assert_false(blob_matches("\"", etag));
    assert_false(blob_matches("", etag));
    assert_false(blob_matches(NULL, etag));
}

static void test_reply__problems_are_rfc_9457_with_error(void **state)
{
    (void)state;
    struct reply reply;
    struct pasar_buf suggestions = {0};
    reply_init(&reply);
    pasar_buf_adds(&reply.body, "half a reply");
    reply_problem(&reply, 404, "no '%s'", "a\"b\xff<");
    pasar_buf_adds(&suggestions, "[\"x\"]");
    reply_suggest(&reply, &suggestions);
    assert_string_equal(pasar_buf_cstr(&reply.body),
                        "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,\"detail\":\"no "
                        "'a\\\"b\xef\xbf\xbd\\u003c'\","
                        "\"error\":\"no 'a\\\"b\xef\xbf\xbd\\u003c'\",\"suggestions\":[\"x\"]}");
    assert_string_equal(reply.content_type, "application/problem+json; charset=utf-8");
    pasar_buf_fini(&suggestions);
    reply_fini(&reply);
}

static void expect_link(uint64_t offset, uint64_t limit, uint64_t total, const char *query, const char *want)
{
    struct reply reply;
    struct pasar_buf buf = {0};
    reply_init(&reply);
    reply.offset = offset;
    reply.limit = limit;
    reply.total = total;
    reply_add_link(&reply, &buf, "/api/products", 13, query, strlen(query));
    assert_string_equal(pasar_buf_cstr(&buf), want);
    pasar_buf_fini(&buf);
}

static void test_reply__links_lead_through_the_pages(void **state)
{
    (void)state;
    expect_link(0, 5, 3, "",
                "</api/products?limit=5&offset=0>; rel=\"first\", </api/products?limit=5&offset=0>; rel=\"last\"");
    expect_link(5, 5, 12, "offset=5&category=a%20b&limit=5",
                "</api/products?category=a%20b&limit=5&offset=0>; rel=\"first\", "
                "</api/products?category=a%20b&limit=5&offset=0>; "
                "rel=\"prev\", </api/products?category=a%20b&limit=5&offset=10>; rel=\"next\", "
                "</api/products?category=a%20b&limit=5&offset=10>; rel=\"last\"");
    expect_link(3, 5, 10, "",
                "</api/products?limit=5&offset=0>; rel=\"first\", </api/products?limit=5&offset=0>; rel=\"prev\", "
                "</api/products?limit=5&offset=8>; rel=\"next\", </api/products?limit=5&offset=5>; rel=\"last\"");
    expect_link(1000, 5, 10, "",
                "</api/products?limit=5&offset=0>; rel=\"first\", </api/products?limit=5&offset=5>; rel=\"prev\", "
                "</api/products?limit=5&offset=5>; rel=\"last\"");
    expect_link(2, 0, 10, "counts=1",
                "</api/products?counts=1&offset=0>; rel=\"first\", </api/products?counts=1&offset=0>; rel=\"prev\", "
                "</api/products?counts=1&offset=0>; rel=\"last\"");
    expect_link(0, 5, 1, "%6cimit=9&off%73et=4&x%ff=1",
                "</api/products?x%ff=1&limit=5&offset=0>; rel=\"first\", "
                "</api/products?x%ff=1&limit=5&offset=0>; rel=\"last\"");
    expect_link(0, 5, 1, "q=>;\"\xc3\xa9\r\nX: y",
                "</api/products?q=%3E;%22%C3%A9%0D%0AX:%20y&limit=5&offset=0>; rel=\"first\", "
                "</api/products?q=%3E;%22%C3%A9%0D%0AX:%20y&limit=5&offset=0>; rel=\"last\"");
}

/* ------------------------------------------------------------------ guard */

struct header {
    const char *name, *value;
};

static int verdict(const struct header *headers, const char *version)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    const struct guard_hosts hosts = {false, names, 3};
    struct guard guard = {0};
    const char *why;
    for (; headers->name; headers++)
        guard_header(&guard, headers->name, strlen(headers->name), headers->value, strlen(headers->value));
    int status = guard_verdict(&guard, version, &hosts, &why);
    assert_true((status == 0) == (why == NULL));
    return status;
}

static void test_guard__ambiguous_framing_is_refused(void **state)
{
    (void)state;
    static const struct {
        struct header headers[4];
        const char *version;
        int status;
    } cases[] = {
        {{{"Host", "localhost"}}, "HTTP/1.1", 0},
        {{{"Host", "LOCALHOST:5001"}}, "HTTP/1.1", 0},
        {{{"Host", "[::1]:80"}}, "HTTP/1.1", 0},
        {{{NULL, NULL}}, "HTTP/1.0", 0},
        {{{"Host", "localhost"}, {"Content-Length", "3"}}, "HTTP/1.1", 0},
        {{{"Host", "localhost"}, {"Transfer-Encoding", "Chunked"}}, "HTTP/1.1", 0},
        {{{NULL, NULL}}, "HTTP/1.1", 400},
        {{{"Host", "localhost"}, {"Host", "localhost"}}, "HTTP/1.1", 400},
        {{{"Host", ""}}, "HTTP/1.1", 400},
        {{{"Host", "localhost:x"}}, "HTTP/1.1", 400},
        {{{"Host", "a@localhost"}}, "HTTP/1.1", 400},
        {{{"Host", "evil.example"}}, "HTTP/1.1", 421},
        {{{"Host", "localhost.evil.example"}}, "HTTP/1.1", 421},
        {{{"Host", "localhost"}, {"Content-Length", "3"}, {"Content-Length", "3"}}, "HTTP/1.1", 400},
        {{{"Host", "localhost"}, {"Content-Length", "3"}, {"Transfer-Encoding", "chunked"}}, "HTTP/1.1", 400},
        {{{"Host", "localhost"}, {"Content-Length", "+3"}}, "HTTP/1.1", 400},
        {{{"Host", "localhost"}, {"Content-Length ", "3"}}, "HTTP/1.1", 400},
        {{{"Host", "localhost"}, {"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}}, "HTTP/1.1", 400},
        {{{"Host", "localhost"}, {"Transfer-Encoding", "gzip, chunked"}}, "HTTP/1.1", 501},
        {{{"Host", "localhost"}, {"Transfer-Encoding", "xchunked"}}, "HTTP/1.1", 501},
        {{{"Transfer-Encoding", "chunked"}}, "HTTP/1.0", 400},
        {{{"Host", "localhost"}, {"X", "a\rb"}}, "HTTP/1.1", 400},
        {{{"Host", "localhost"}, {"X y", "a"}}, "HTTP/1.1", 400},
        {{{"Host", "localhost"}}, "HTTP/1.2", 505},
        {{{"Host", "localhost"}}, "HTTP/2.0", 505},
    };
    for (size_t i = 0; i < PASAR_ARRAY_LEN(cases); i++)
        assert_int_equal(verdict(cases[i].headers, cases[i].version), cases[i].status);
}

static void test_relax__distance_counts_edits(void **state)
{
    (void)state;
    assert_int_equal(relax_distance("cable", 5, "cable", 5, 9), 0);
    assert_int_equal(relax_distance("cabel", 5, "cable", 5, 9), 1);
    assert_int_equal(relax_distance("", 0, "abc", 3, 9), 3);
    assert_int_equal(relax_distance("kitten", 6, "sitting", 7, 9), 3);
    assert_int_equal(relax_distance("kitten", 6, "sitting", 7, 1), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blob__gzip_unpacks_to_the_same),
        cmocka_unit_test(test_blob__accept_encoding_is_read_with_weights),
        cmocka_unit_test(test_blob__if_none_match_compares_weakly),
        cmocka_unit_test(test_reply__problems_are_rfc_9457_with_error),
        cmocka_unit_test(test_reply__links_lead_through_the_pages),
        cmocka_unit_test(test_guard__ambiguous_framing_is_refused),
        cmocka_unit_test(test_relax__distance_counts_edits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
