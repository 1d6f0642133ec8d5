# The four programs of Pasar in one small image: pasar-producer, pasar-consumer, pasar-trainer, pasar-api.
FROM debian:bookworm-slim AS build
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends gcc libc6-dev binutils cmake ninja-build pkg-config \
    librdkafka-dev libmicrohttpd-dev libjansson-dev libcsv-dev libopenblas-dev libssl-dev libxxhash-dev zlib1g-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cmake --preset release -G Ninja -DPASAR_TESTS=OFF && cmake --build build/release && strip build/release/bin/*

FROM debian:bookworm-slim
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    librdkafka1 libmicrohttpd12 libjansson4 libcsv3 libopenblas0-pthread libssl3 libxxhash0 zlib1g curl \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --no-create-home pasar \
 && install -d -o pasar -g pasar /var/lib/pasar/producer /var/lib/pasar/batches /var/lib/pasar/models
COPY --from=build /src/build/release/bin/ /usr/local/bin/
USER pasar
WORKDIR /var/lib/pasar
ENV PASAR_STATE=/var/lib/pasar/producer PASAR_OUTPUT=/var/lib/pasar/batches PASAR_BATCHES=/var/lib/pasar/batches PASAR_MODELS=/var/lib/pasar/models
EXPOSE 5001
CMD ["pasar-api", "--bind", "0.0.0.0"]
