/*
 * The words of a catalogue: exact look-up, prefixes (search as you type), words within one edit (spelling repair),
 * words that contain some letters. Words are kept as they are written; each belongs to a term, its stem, which the
 * postings are about.
 */
#ifndef PASAR_API_VOCABULARY_H
#define PASAR_API_VOCABULARY_H

#include <stddef.h>
#include <stdint.h>

#include "pasar/attrs.h"
#include "pasar/buf.h"
#include "pasar/err.h"

struct vocabulary_word {
    uint32_t start; /* in text */
    uint32_t len;
    uint32_t term;
    uint32_t df;       /* documents that hold it */
    uint32_t last_doc; /* private to counting: document + 1 */
};

struct vocabulary {
    struct pasar_buf text; /* each word followed by a newline */
    struct vocabulary_word *words;
    uint32_t count, cap;
    uint32_t *slots, mask;           /* hash → word + 1 */
    uint32_t *stem_slots, stem_mask; /* hash of the stem → word + 1 of a word of that term */
    uint32_t term_count;
    uint32_t *sorted; /* words in byte order */
    uint32_t *by_end; /* those that may have been cut, then the others in the order of their ends; NULL: too many */
    uint32_t cut_count;
    struct vocabulary_deletion {
        uint32_t hash, word;
    } * deletions; /* sorted by hash: every word of 4 letters or more with one letter left out */
    uint32_t deletion_count;
};

int vocabulary_init(struct vocabulary *v, struct pasar_err *err) PASAR_MUSTCHECK;
void vocabulary_fini(struct vocabulary *v);

/* Adds an occurrence in document `doc` (documents come one after the other). The word's number in *word. */
int vocabulary_add(struct vocabulary *v, const char *text, size_t len, uint32_t doc, uint32_t *word,
                   struct pasar_err *err) PASAR_MUSTCHECK;

/* Sorts, and prepares spelling repair; no words may be added afterwards. */
int vocabulary_finish(struct vocabulary *v, struct pasar_err *err) PASAR_MUSTCHECK;

static inline const char *vocabulary_text(const struct vocabulary *v, uint32_t word)
{
    return v->text.data + v->words[word].start;
}

/* The word's number, or -1. */
int64_t vocabulary_find(const struct vocabulary *v, const char *text, size_t len);

/* The term whose stem is that of `text`, whether or not that very word occurs; or -1. */
int64_t vocabulary_find_term(const struct vocabulary *v, const char *text, size_t len);

/* Words that start with the prefix: count, and *first as an index into `sorted`. */
uint32_t vocabulary_prefix(const struct vocabulary *v, const char *prefix, size_t len, uint32_t *first);

/*
 * Up to `max` words within one edit of `text`: a letter left out, added, replaced, or swapped with its neighbour
 * (optimal string alignment distance 1; Damerau 1964). Candidates come from words that share a form with one letter
 * left out (W. Garbe's symmetric delete). Words with digits are never candidates. Returns the count.
 */
size_t vocabulary_near(const struct vocabulary *v, const char *text, size_t len, uint32_t *words, size_t max);

/*
 * Calls fn for each word that contains `text` (of vocabulary letters only) and stops early when it returns non-zero.
 */
typedef int (*vocabulary_fn)(void *ctx, uint32_t word);
void vocabulary_containing(const struct vocabulary *v, const char *text, size_t len, vocabulary_fn fn, void *ctx);

/* The same for words that end with `text`, and for those that contain it and may have been cut. */
void vocabulary_ending(const struct vocabulary *v, const char *text, size_t len, vocabulary_fn fn, void *ctx);

#endif
