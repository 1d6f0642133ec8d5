/* Written by golden.py with scikit-learn. Do not edit. */
/* The best of 1000 starts, tol = 0. */
static const struct golden_fit {
    int kind;
    size_t rows, cols, k;
    double inertia;
} golden_fits[] = {
    {0, 600, 3, 3, 394.867981},
    {1, 1000, 2, 8, 244.901933},
    {2, 800, 3, 5, 644.019673},
    {3, 500, 2, 4, 225.662196},
};

/* Of the labels by row number that test_label gives. */
static const struct golden_quality {
    int kind;
    size_t rows, cols;
    double silhouette, davies_bouldin, calinski_harabasz;
} golden_qualities[] = {
    {0, 600, 3, 0.592238223, 0.757886373, 1025.40039},
    {1, 1000, 2, -0.0349173835, 26.5182236, 2.52801869},
    {2, 800, 3, -0.134758357, 22.62349, 0.468949703},
    {3, 500, 2, -0.0500796472, 11.1035842, 1.72807112},
};
