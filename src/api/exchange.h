/* Requests as libmicrohttpd brings them, from the first byte of the address to the last of the reply: its callbacks. */
#ifndef PASAR_API_EXCHANGE_H
#define PASAR_API_EXCHANGE_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "api/api.h"
#include "api/deadline.h"
#include "api/guard.h"

/* What all requests of a server share; `cls` of the callbacks. */
struct exchanges {
    struct api *api;
    struct deadline deadline;
    struct guard_hosts hosts;
    pthread_key_t thread_key; /* of what a thread keeps; freed by exchange_free_kept */
    int64_t log_every;        /* 0 = no access log */
    uint64_t first_id;        /* of the request ids that we make up */
    _Atomic uint64_t served;
};

/* The thread key's destructor. */
void exchange_free_kept(void *kept);

/* MHD_OPTION_URI_LOG_CALLBACK: NULL when memory is short. */
void *exchange_begin(void *cls, const char *uri, struct MHD_Connection *connection);
/* MHD_AccessHandlerCallback */
enum MHD_Result exchange_access(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                                const char *version, const char *upload, size_t *upload_len, void **con_cls);
/* MHD_OPTION_NOTIFY_COMPLETED */
void exchange_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
                        enum MHD_RequestTerminationCode why);
/* MHD_OPTION_NOTIFY_CONNECTION */
void exchange_connection_changed(void *cls, struct MHD_Connection *connection, void **socket_context,
                                 enum MHD_ConnectionNotificationCode what);

#endif
