# Two stages: the first installs Devflow into an environment of its own, the second holds only what runs.
# The base is named once, by its exact tag: Debian 13 has SQLite 3.46, and the engine needs 3.42. To pin its bytes too,
# append the digest that `docker buildx imagetools inspect python:3.13.15-slim-trixie` prints; renew both together.

FROM python:3.13.15-slim-trixie AS base

FROM base AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv --without-pip /opt/devflow \
    && pip --python /opt/devflow install --quiet --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot ./bot
COPY webhooks ./webhooks
# The lock has what builds the wheel, too; it is not needed any more.
RUN /opt/devflow/bin/python -m hatchling build -t wheel -d /tmp/dist \
    && pip --python /opt/devflow install --quiet --no-deps /tmp/dist/*.whl \
    && pip --python /opt/devflow uninstall --quiet --yes editables hatchling packaging pathspec pluggy tomlkit \
        trove-classifiers

FROM base
# Debian's mirrors keep only the newest version of a package, so that a pinned one would stop building.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends bubblewrap ca-certificates git tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log \
    && useradd --uid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin devflow \
    && install --directory --mode 0700 --owner devflow --group devflow /data
COPY --from=build /opt/devflow /opt/devflow
ENV PATH=/opt/devflow/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DEVFLOW_STATE_DIR=/data/.devflow \
    DEVFLOW_HOST=0.0.0.0 \
    DEVFLOW_PORT=8000
USER 10001:10001
WORKDIR /data
VOLUME ["/data"]
EXPOSE 8000
# Not urllib: it would ask the proxy that HTTP_PROXY names.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import http.client as h, os, sys; c = h.HTTPConnection('127.0.0.1', int(os.environ['DEVFLOW_PORT']), timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
# tini reaps what commands leave behind, and passes signals on.
ENTRYPOINT ["tini", "--", "devflow"]
CMD ["serve"]
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Devflow" \
      org.opencontainers.image.description="A GitHub bot that turns an issue comment into a tested, reviewed pull request, with evidence." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.base.name="docker.io/library/python:3.13.15-slim-trixie" \
      org.opencontainers.image.revision="${REVISION}"
