/* What kafka.c and kafka_topic.c share. Private to src/common. */
#ifndef PASAR_KAFKA_PRIVATE_H
#define PASAR_KAFKA_PRIVATE_H

#include <stddef.h>

/* librdkafka's latest warning or error of the process ("" when there was none): why a broker does not answer. */
void pasar_kafka_last_cause(char *text, size_t size);

#endif
