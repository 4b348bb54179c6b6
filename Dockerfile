# The image of the sidecar: docs/image.md tells how to build, pin and run it.

# What the image stands on: the C and C++ libraries, certificates, and Node 24 at NODE.
ARG BASE_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot
# What builds it: Node 24 with npm and a shell, Debian's apt or tini. Nothing of it is in the image but tini.
ARG BUILD_IMAGE=docker.io/library/node:24-trixie-slim

# Of the platform that the image is for: a few hundred KB that pass signals on and collect orphans.
FROM ${BUILD_IMAGE} AS init
RUN command -v tini-static || \
    { apt-get update && apt-get install --yes --no-install-recommends tini; }
RUN mkdir /init && cp "$(command -v tini-static)" /init/tini && \
    cp /usr/share/doc/tini/copyright /init/copyright && tini-static --version > /init/version

# Of the platform that builds: the bundle is the same for all, and the native library is chosen.
FROM --platform=${BUILDPLATFORM:-} ${BUILD_IMAGE} AS build
WORKDIR /source
COPY package.json package-lock.json .npmrc ./
# A registry of one's own and its key are a secret of the build, which no layer keeps.
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    npm ci --ignore-scripts --no-audit --no-fund
COPY . .
COPY --from=init /init /init
ARG TARGETOS
ARG TARGETARCH
ARG NODE=/nodejs/bin/node
ARG SOURCE_DATE_EPOCH=0
RUN node scripts/image.ts --out /image --init /init --node "${NODE}" \
    --platform "${TARGETARCH:+${TARGETOS}/${TARGETARCH}}"

# Forwards, applies policies, answers by templates and caches; has no model.
FROM ${BASE_IMAGE} AS slim
ARG BASE_IMAGE
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="sidestep" \
      org.opencontainers.image.description="A sidecar proxy for LLM calls: routine calls are answered in the pod, everything else is forwarded byte for byte." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"
COPY --from=build /image/program/ /
# The root is read-only: nothing is kept over a restart unless a folder is mounted and named.
ENV PATH=/app/bin:/usr/local/bin:/usr/bin:/bin SIDESTEP_STATE=off
WORKDIR /
USER 65532:65532
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s CMD ["/app/bin/sidestep", "healthcheck"]
# As scripts/build/runtime.ts says, which the tests compare.
ENV MALLOC_TRIM_THRESHOLD_=65536
ENTRYPOINT ["/app/bin/tini", "--", "/app/bin/node", \
            "--max-semi-space-size=8", "--heap-growing-percent=50", "/app/sidestep.js"]
CMD ["run"]

# The same with the model.
FROM slim AS full
COPY --from=build /image/model/ /
