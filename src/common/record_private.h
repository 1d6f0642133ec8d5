/* What encoder and decoder of records share. Private to src/common. */
#ifndef PASAR_RECORD_PRIVATE_H
#define PASAR_RECORD_PRIVATE_H

#include "pasar/record.h"

/* How a member begins in the canonical form: `{"name":`, or `,"name":` behind another. The last is the timestamp. */
struct pasar_record_member {
    char text[30];
    size_t len;
};

extern const struct pasar_record_member pasar_record_members[PASAR_COLUMNS + 1];

#endif
