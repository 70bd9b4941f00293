# Three images from one file: "worker" (the default), "starter", and "standalone", which holds the embedded Temporal server and
# the sandbox as well. All are static, run as user 65532, and have certificates and time zones but no shell.

FROM golang:1.26.8 AS source
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ENV CGO_ENABLED=0
# A named volume takes over the owner of the folder that it is mounted on.
RUN mkdir -p /out/var/lib/studio-onboarding && mkdir -m 0700 -p /out/keys

FROM source AS build-standalone
RUN go build -trimpath -ldflags='-s -w' -o /out/standalone ./standalone

FROM gcr.io/distroless/static-debian12:nonroot AS standalone
COPY --from=build-standalone /out/standalone /usr/local/bin/standalone
COPY --from=build-standalone --chown=65532:65532 /out/var/lib/studio-onboarding /var/lib/studio-onboarding
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/standalone"]

FROM source AS build-starter
RUN go build -trimpath -ldflags='-s -w' -o /out/starter ./starter

FROM gcr.io/distroless/static-debian12:nonroot AS starter
COPY --from=build-starter /out/starter /usr/local/bin/starter
COPY --from=build-starter --chown=65532:65532 /out/keys /keys
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/starter"]

FROM source AS build-worker
RUN go build -trimpath -ldflags='-s -w' -o /out/worker ./worker

FROM gcr.io/distroless/static-debian12:nonroot AS worker
COPY --from=build-worker /out/worker /usr/local/bin/worker
COPY --from=build-worker --chown=65532:65532 /out/var/lib/studio-onboarding /var/lib/studio-onboarding
COPY --from=build-worker --chown=65532:65532 /out/keys /keys
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/worker"]
ENV STORE=/var/lib/studio-onboarding
CMD ["--log-format", "json"]
