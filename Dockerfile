# syntax=docker/dockerfile:1
# Two stages: the first builds the wheel and its environment, the second holds only what runs.
# Debian 13 brings SQLite 3.46, which the engine needs on Python 3.12 and newer.

FROM python:3.13-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv /opt/devflow && /opt/devflow/bin/pip install --quiet --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot ./bot
COPY webhooks ./webhooks
RUN /opt/devflow/bin/python -m hatchling build -t wheel -d /tmp/dist \
    && /opt/devflow/bin/pip install --quiet --no-deps /tmp/dist/*.whl

FROM python:3.13-slim-trixie
RUN apt-get update \
    && apt-get install -y --no-install-recommends bubblewrap git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 devflow \
    && install -d -o devflow -g devflow /data
COPY --from=build /opt/devflow /opt/devflow
ENV PATH=/opt/devflow/bin:$PATH PYTHONUNBUFFERED=1 DEVFLOW_STATE_DIR=/data/.devflow DEVFLOW_HOST=0.0.0.0
USER devflow
WORKDIR /data
VOLUME ["/data"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["devflow"]
CMD ["serve"]
