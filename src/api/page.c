#include "api/page.h"

#include <stdlib.h>
#include <string.h>

#include "api/send.h"

static const char *content_type(const char *name)
{
    static const struct {
        const char *suffix, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".webmanifest", "application/manifest+json"},
        {".json", "application/json; charset=utf-8"},
        {".txt", "text/plain; charset=utf-8"},
        {".woff2", "font/woff2"},
    };
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < PASAR_ARRAY_LEN(types); i++) {
        if (strcmp(types[i].suffix, dot) == 0)
            return types[i].type;
    }
    return "application/octet-stream";
}

int page_init(struct page *page, struct pasar_err *err)
{
    memset(page, 0, sizeof *page);
    page->assets = calloc(page_file_count + 1, sizeof *page->assets);
    if (!page->assets)
        return pasar_err_nomem(err, "home page");
    for (size_t i = 0; i < page_file_count; i++) {
        struct page_asset *asset = &page->assets[page->count++];
        asset->name = page_files[i].name;
        asset->content_type = content_type(asset->name);
        if (blob_borrow(&asset->blob, page_files[i].start, (size_t)(page_files[i].end - page_files[i].start), err) !=
                0 ||
            send_prepare(&asset->blob, asset->content_type, true, NULL, err) != 0)
            return -1;
    }
    return 0;
}

void page_fini(struct page *page)
{
    for (size_t i = 0; i < page->count; i++)
        blob_fini(&page->assets[i].blob);
    free(page->assets);
    memset(page, 0, sizeof *page);
}

const struct page_asset *page_find(const struct page *page, const char *name, size_t len)
{
    for (size_t i = 0; i < page->count; i++) {
        if (strlen(page->assets[i].name) == len && memcmp(page->assets[i].name, name, len) == 0)
            return &page->assets[i];
    }
    return NULL;
}
