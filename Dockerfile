# SPDX-License-Identifier: Apache-2.0
FROM debian:12
COPY . /perimeter
WORKDIR /perimeter
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates make && make && apt-get clean && rm -rf /var/lib/apt/lists/*
ENTRYPOINT ["/perimeter/build/perimeter"]
