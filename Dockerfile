# faxd in a container: docs/container.md says how it is run, docs/compose.yaml is an example.
#
# BASE is an image with Python 3.11 or later as python3, its module venv, and CA certificates. Every
# command is run in the first stage; the second needs no shell, neither when it is built nor later.
ARG BASE=python:3.12-slim

FROM ${BASE} AS build
# Whom faxd runs as: the owner of its folders on the host.
ARG UID=988
ARG GID=988
COPY requirements.lock /locks/run
COPY tests/requirements.lock /locks/tests
# What builds faxd's wheel is pinned among the tools of the tests; here nothing else of them counts.
RUN awk '/^[^ ]/ {wanted = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/} wanted' \
        /locks/tests > /locks/build \
 && python3 -m venv /build \
 && /build/bin/pip install --no-cache-dir --require-hashes -r /locks/build \
 && python3 -m venv --without-pip /opt/faxd \
 && /build/bin/pip --python /opt/faxd/bin/python install --no-cache-dir --no-compile \
        --only-binary :all: --require-hashes -r /locks/run
# Behind the libraries, which change less often than faxd. The names of the world's area codes
# (40 MB) are not used. Bytecode is made here, as faxd itself may not write to its program.
COPY . /src
RUN cd /src && /build/bin/hatchling build -t wheel -d /wheel \
 && /build/bin/pip --python /opt/faxd/bin/python install --no-cache-dir --no-compile --no-deps \
        --no-index /wheel/*.whl \
 && rm -r /opt/faxd/lib/python3*/site-packages/phonenumbers/geodata \
 && /opt/faxd/bin/python -m compileall -q -j 0 /opt/faxd/lib \
 && groupadd --system --gid "$GID" faxd \
 && useradd --system --uid "$UID" --gid "$GID" --no-create-home --home-dir /var/lib/faxd \
        --shell /usr/sbin/nologin faxd \
 && install -d -o "$UID" -g "$GID" -m 0700 /made/lib/faxd \
 && install -d -o "$UID" -g "$GID" -m 2770 /made/srv/fax

FROM ${BASE}
ARG UID=988
ARG GID=988
COPY --from=build /etc/passwd /etc/group /etc/
COPY --from=build /opt/faxd /opt/faxd
# One below the folders that are already there: those keep their owner.
COPY --from=build --chown=${UID}:${GID} /made/lib /var/lib
COPY --from=build --chown=${UID}:${GID} /made/srv /srv
USER ${UID}:${GID}
VOLUME ["/var/lib/faxd", "/srv/fax"]
STOPSIGNAL SIGTERM
# Unhealthy is what "faxd status" calls critical: faxes do not come or go. Not what somebody should
# only see to, such as a document that waits for an answer.
HEALTHCHECK --interval=1m --timeout=30s --start-period=2m \
    CMD ["/opt/faxd/bin/faxd", "status", "--check", "--ignore-warnings"]
ENTRYPOINT ["/opt/faxd/bin/faxd"]
CMD ["run"]
