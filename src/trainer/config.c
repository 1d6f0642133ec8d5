/* The option table of pasar-trainer. */
#include "trainer/config.h"

#include <sched.h>
#include <stddef.h>
#include <string.h>

#include "pasar/generation.h"
#include "pasar/hash.h"
#include "pasar/num.h"

#define AT(field) offsetof(struct config, field)

static const struct pasar_option table[] = {
    {"batches", 0, PASAR_OPT_STRING, AT(batches), "data/batches", 0, 0, NULL, "DIR",
     "where pasar-consumer puts the batch files", NULL, false},
    {"models", 0, PASAR_OPT_STRING, AT(models), "models", 0, 0, NULL, "DIR", "where generations are published", NULL,
     false},
    {"k", 'k', PASAR_OPT_STRING, AT(k), "3", 0, 0, NULL, "N",
     "clusters, 1 to 256 (fewer when there are fewer distinct products), or auto: the number from 2 to 10 that has the "
     "best silhouette on all rows",
     NULL, false},
    {"seed", 0, PASAR_OPT_INT, AT(seed), "42", 0, 9007199254740991.0, NULL, "N",
     "seed of all random choices; the same batches and seed give the same models", NULL, false},
    {"threads", 0, PASAR_OPT_INT, AT(threads), "0", 0, 256, NULL, "N",
     "threads, 0 = one per processor; has no influence on the models", NULL, false},
    {"features", 0, PASAR_OPT_STRING, AT(features), "discounted_price,rating_count,rating", 0, 0, NULL, "LIST",
     "columns to cluster by: discounted_price, actual_price, discount_percentage, rating, rating_count", NULL, false},
    {"transform", 0, PASAR_OPT_STRING, AT(transform), NULL, 0, 0, NULL, "LIST",
     "transforms of features before scaling, like log1p:rating_count,log1p:discounted_price", NULL, false},
    {"init", 0, PASAR_OPT_CHOICE, AT(init), "k-means++", 0, 0, "k-means++|random", NULL,
     "how independent starts choose their centroids", NULL, false},
    {"warm-start", 0, PASAR_OPT_BOOL, AT(warm_start), NULL, 0, 0, NULL, NULL,
     "the centroids of the previous generation are one more start, when features and k are the same", NULL, false},
    {"n-init", 0, PASAR_OPT_INT, AT(n_init), "10", 1, 100000, NULL, "N",
     "independent starts before the search for the optimum goes on from the best", NULL, false},
    {"max-iter", 0, PASAR_OPT_INT, AT(max_iter), "300", 1, 1000000, NULL, "N", "iterations of one run at most", NULL,
     false},
    {"tol", 0, PASAR_OPT_DOUBLE, AT(tol), "0", 0, 1, NULL, "X",
     "stop a run when the centroids move less (scikit-learn's measure); 0 = until they stand still", NULL, false},
    {"keep", 0, PASAR_OPT_INT, AT(keep), "3", 1, 1000000, NULL, "N", "generations to keep", NULL, false},
    {"watch", 0, PASAR_OPT_BOOL, AT(watch), NULL, 0, 0, NULL, NULL, "go on: train anew when new batch files have come",
     NULL, false},
    {"every", 0, PASAR_OPT_SECONDS, AT(every), "10", 0.1, 86400, NULL, "S",
     "with --watch: look for new batches so often", NULL, false},
    {"min-rows", 0, PASAR_OPT_INT, AT(min_rows), "1", 1, 9007199254740991.0, NULL, "N",
     "with --watch: train only when so many rows are new, or when any are and a run has come to its end", NULL, false},
    {"metrics-bind", 0, PASAR_OPT_STRING, AT(metrics_bind), "127.0.0.1", 0, 0, NULL, "ADDR",
     "address of /metrics and /healthz", NULL, false},
    {"metrics-port", 0, PASAR_OPT_INT, AT(metrics_port), "0", 0, 65535, NULL, "PORT",
     "with --watch: serve /metrics and /healthz on this port, 0 = not at all", NULL, false},
    {"check", 0, PASAR_OPT_STRING, AT(check), NULL, 0, 0, NULL, "DIR",
     "train nothing: check the generation DIR (or the current one of the models directory DIR) and print what it is",
     NULL, false},
    {"predict", 0, PASAR_OPT_STRING, AT(predict), NULL, 0, 0, NULL, "CSV",
     "train nothing: print the product CSV or batch file (- = standard input) with the cluster and the distance to its "
     "centroid in each model of the current generation",
     NULL, false},
    {"expect", 0, PASAR_OPT_STRING, AT(expect), NULL, 0, 0, NULL, "SHA256",
     "publish only when the three model files, one after the other, have this checksum", NULL, false},
    PASAR_OPTION_END,
};

const struct pasar_options config_options = {
    .program = "pasar-trainer",
    .synopsis = "[options]",
    .about = "Reads the batch files, trains k-means models on the first third, the first two thirds and all of the "
             "rows, and "
             "publishes them with the labelled products as the next generation.",
    .epilog =
        "Examples:\n"
        "  pasar-trainer\n"
        "  pasar-trainer --k 5 --transform log1p:rating_count,log1p:discounted_price\n"
        "  pasar-trainer --watch --every 30 --min-rows 1000 --metrics-port 9102\n"
        "  pasar-trainer --k auto\n"
        "  pasar-trainer --check models\n"
        "  pasar-trainer --predict products.csv > clustered.csv\n"
        "\n"
        "The same batches, options and seed give the same model files in an empty models directory. A generation "
        "before "
        "them gives its cluster ids on, so that an id keeps its meaning; with --warm-start its centroids, too.\n"
        "\n"
        "Exit codes: 0 published (with --watch: stopped by a signal), 64 usage, 65 bad batch files or no rows in "
        "them, a bad generation (--check, --predict), models that are not the expected ones (--expect), 66 no batch "
        "files or no generation, 69 another trainer is at work or the metrics port is taken, 71 out of memory or "
        "threads, 73/74 cannot write, 75 stopped before a generation was published.\n",
    .table = table,
    .min_operands = 0,
    .max_operands = 0,
};

static bool is_sha256(const char *text)
{
    return strlen(text) == PASAR_SHA256_HEX && strspn(text, "0123456789abcdef") == PASAR_SHA256_HEX;
}

int config_check(struct config *config, struct feature_set *set, struct pasar_err *err)
{
    const char *k = config->k ? config->k : "";
    uint64_t clusters = 0;
    if (strcmp(k, "auto") != 0 &&
        (pasar_num_u64(k, strlen(k), &clusters) != 0 || clusters < 1 || clusters > PASAR_CLUSTERS_MAX))
        return pasar_err_set(err, PASAR_EUSAGE, "--k: \"%s\" is neither auto nor a number from 1 to %d", k,
                             PASAR_CLUSTERS_MAX);
    config->clusters = (int64_t)clusters;
    if (config->expect && !is_sha256(config->expect))
        return pasar_err_set(err, PASAR_EUSAGE, "--expect: \"%s\" is not 64 hex digits in lower case", config->expect);
    if ((config->check != NULL) + (config->predict != NULL) + config->watch + (config->expect != NULL) > 1)
        return pasar_err_set(err, PASAR_EUSAGE, "--check, --predict, --expect and --watch do not go together");
    return feature_set_parse(set, config->features ? config->features : "", config->transform, err);
}

unsigned config_threads(const struct config *config)
{
    cpu_set_t allowed;
    if (config->threads > 0)
        return (unsigned)config->threads;
    CPU_ZERO(&allowed);
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 1)
        return 1;
    return (unsigned)CPU_COUNT(&allowed);
}
