# video-pipeline with object stores, a cluster and Content Credentials, for a user without rights.
#
#   docker build -t video-pipeline .
#   docker run --rm -v "$PWD/shop:/data" video-pipeline render /data/bag.yaml -o /data/out
#
# Packages are those of container/constraints.txt. For an image that is the same next year too, name
# the base by its digest: docker buildx imagetools inspect python:3.11.13-slim-bookworm
ARG BASE=python:3.11.13-slim-bookworm

FROM ${BASE} AS build
WORKDIR /build
RUN python3 -m venv /opt/video-pipeline
COPY container/constraints.txt container/
COPY pyproject.toml README.md LICENSE THIRD_PARTY.md ./
COPY video_pipeline video_pipeline
COPY overlays overlays
COPY presets presets
COPY samples samples
RUN /opt/video-pipeline/bin/pip install --no-cache-dir --disable-pip-version-check \
      --constraint container/constraints.txt '.[remote,cluster,provenance]'

FROM ${BASE}
RUN useradd --uid 10001 --create-home seller && mkdir /cache /data && chown seller /cache /data
COPY --from=build /opt/video-pipeline /opt/video-pipeline
ENV PATH=/opt/video-pipeline/bin:$PATH \
    VIDEO_PIPELINE_CACHE=/cache
USER seller
WORKDIR /data
VOLUME /cache
ENTRYPOINT ["video-pipeline"]
CMD ["--help"]
