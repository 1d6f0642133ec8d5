"""What pasar-trainer does, written with pandas and scikit-learn: batches to three models, metrics and labelled rows.

sklearn_whole.py BATCHES OUTPUT
"""

import glob
import json
import os
import sys

import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

FEATURES = ["discounted_price", "rating_count", "rating"]
SILHOUETTE_ROWS = 10000


def main(batches, output):
    os.makedirs(output)
    files = sorted(glob.glob(os.path.join(batches, "*.csv")))
    products = pd.concat((pd.read_csv(f) for f in files), ignore_index=True)
    products = products.sort_values("timestamp", kind="stable", ignore_index=True)
    n = len(products)
    third = -(-n // 3)
    for number, rows in enumerate((third, min(2 * third, n), n), start=1):
        raw = products.loc[: rows - 1, FEATURES]
        mean = raw.mean()
        points = raw.fillna(mean)
        points = ((points - points.mean()) / points.std()).to_numpy()
        model = KMeans(3, n_init=10, random_state=number).fit(points)
        products.loc[: rows - 1, f"cluster_{number}"] = model.labels_
        metrics = {
            "rows": rows,
            "inertia": model.inertia_,
            "silhouette": silhouette_score(points, model.labels_, sample_size=min(rows, SILHOUETTE_ROWS),
                                           random_state=number),
            "davies_bouldin": davies_bouldin_score(points, model.labels_),
            "calinski_harabasz": calinski_harabasz_score(points, model.labels_),
            "centroids": model.cluster_centers_.tolist(),
            "medians": raw.groupby(model.labels_).median().to_dict(),
        }
        with open(os.path.join(output, f"model_{number}.json"), "w") as file:
            json.dump(metrics, file)
    products.to_csv(os.path.join(output, "products.csv"), index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
