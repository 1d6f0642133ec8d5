/* The name of a run: which file, which contents, when. It stands in every record's pasar.run header. */
#include "producer/runid.h"

#include <stdio.h>
#include <string.h>

#include "pasar/clock.h"
#include "pasar/record.h"

enum { NAME_CHARS = 24, HASH_CHARS = 16, TIME_CHARS = 23 };

bool runid_is_valid(const char *id)
{
    return pasar_run_is_valid(id, strlen(id));
}

void runid_make(char id[RUNID_MAX], const char *first_file, uint64_t input_hash, int64_t start_us)
{
    const char *slash = strrchr(first_file, '/');
    const char *base = slash != NULL ? slash + 1 : strcmp(first_file, "-") == 0 ? "stdin" : first_file;
    char name[NAME_CHARS + 1], time[PASAR_CLOCK_TEXT_LEN + 1];
    size_t len = 0, kept = 0;

    for (; base[len] != '\0' && len < NAME_CHARS; len++)
        name[len] = pasar_run_is_valid(base + len, 1) ? base[len] : '_';
    name[len] = '\0';
    pasar_clock_format(start_us, time);
    for (size_t i = 0; time[i] != '\0'; i++) /* 20260131T235959.123456Z: no colons, sorts by time */
        if (time[i] != '-' && time[i] != ':')
            time[kept++] = time[i];
    time[kept] = '\0';
    snprintf(id, RUNID_MAX, "%s-%016llx-%s", len > 0 ? name : "run", (unsigned long long)input_hash, time);
}

bool runid_is_of(const char *id, size_t len, uint64_t input_hash)
{
    static const size_t tail = 1 + HASH_CHARS + 1 + TIME_CHARS;
    char hash[HASH_CHARS + 3];

    snprintf(hash, sizeof(hash), "-%016llx-", (unsigned long long)input_hash);
    return len > tail && memcmp(id + len - tail, hash, HASH_CHARS + 2) == 0 && id[len - 1] == 'Z';
}
