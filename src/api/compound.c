#include "api/compound.h"

enum {
    SPLIT_LEN_MIN = 4, /* bytes of a word that is taken apart where the catalogue shows how, */
    GUESS_PART_MIN = 3 /* and of each part where it does not: shorter ones could be anything */
};

int64_t compound_pair(const struct textindex *x, int64_t left, int64_t right)
{
    if (left < 0 || right < 0)
        return -1;
    int64_t number = pairs_find(&x->pairs, (uint32_t)left, (uint32_t)right);
    return number < 0 ? -1 : (int64_t)x->vocabulary.term_count + number;
}

static bool is_inside_letter(const char *text, size_t at)
{
    return ((unsigned char)text[at] & 0xc0) == 0x80;
}

bool compound_split(const struct textindex *x, const char *text, size_t len, struct compound *c)
{
    const struct vocabulary *v = &x->vocabulary;
    c->df = 0;
    for (size_t cut = 1; len >= SPLIT_LEN_MIN && cut < len; cut++) {
        if (is_inside_letter(text, cut))
            continue;
        int64_t left = vocabulary_find_term(v, text, cut);
        int64_t right = left < 0 ? -1 : vocabulary_find_term(v, text + cut, len - cut);
        int64_t pair = compound_pair(x, left, right);
        if (pair >= 0 && x->terms[pair].df > c->df)
            *c = (struct compound){(uint32_t)left, (uint32_t)right, (uint32_t)pair, cut, x->terms[pair].df};
    }
    return c->df > 0;
}

bool compound_guess(const struct textindex *x, const char *text, size_t len, struct compound *c)
{
    const struct vocabulary *v = &x->vocabulary;
    uint32_t best = 0;
    for (size_t cut = GUESS_PART_MIN; cut + GUESS_PART_MIN <= len; cut++) {
        int64_t left = vocabulary_find(v, text, cut);
        int64_t right = left < 0 ? -1 : vocabulary_find(v, text + cut, len - cut);
        if (right < 0)
            continue;
        uint32_t df = v->words[left].df < v->words[right].df ? v->words[left].df : v->words[right].df;
        if (df > best)
            *c = (struct compound){.left = v->words[left].term, .right = v->words[right].term, .cut = cut};
        best = df > best ? df : best;
    }
    return best > 0;
}
