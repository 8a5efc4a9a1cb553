ARG BASE=python:3.12-slim
FROM ${BASE} AS build
COPY . /src
RUN python3 -m venv /opt/faxd \
 && /opt/faxd/bin/pip install --no-cache-dir --require-hashes -r /src/requirements.lock \
 && /opt/faxd/bin/pip install --no-cache-dir --no-deps /src

FROM ${BASE}
COPY --from=build /opt/faxd /opt/faxd
RUN useradd --system --uid 988 --create-home --home-dir /var/lib/faxd faxd
USER faxd
VOLUME ["/var/lib/faxd", "/srv/fax"]
ENTRYPOINT ["/opt/faxd/bin/faxd"]
CMD ["run"]
