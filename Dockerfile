FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/paperroute
WORKDIR /src
COPY requirements.lock ./
RUN /opt/paperroute/bin/pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot ./bot
COPY adapters ./adapters
COPY storage ./storage
RUN /opt/paperroute/bin/pip install --no-deps --no-build-isolation . \
    && /opt/paperroute/bin/pip uninstall --yes setuptools

FROM python:3.12-slim
RUN useradd --no-create-home --uid 10001 --home-dir /data --shell /usr/sbin/nologin paperroute \
    && install --directory --owner=paperroute --group=paperroute --mode=0700 /data
COPY --from=build /opt/paperroute /opt/paperroute
ENV PATH=/opt/paperroute/bin:$PATH PYTHONUNBUFFERED=1 PAPERROUTE_DATABASE=/data/paperroute.db
USER paperroute
WORKDIR /data
VOLUME /data
# Healthy: the process gave a sign of life within the last minutes; start-up includes migrations of a large file.
HEALTHCHECK --interval=1m --timeout=10s --start-period=1m --retries=3 CMD ["paperroute", "status", "--healthy"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["paperroute"]
CMD ["run"]
