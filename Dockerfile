# Postern in a container of its own; docker-compose.yml puts it beside Postfix.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-X main.version=$VERSION" -o /postern ./cmd/postern

FROM debian:bookworm-slim
# The numbers are those of packaging/docker/postfix/Dockerfile: both containers
# see the same socket directory.
RUN groupadd --system --gid 890 postfix \
    && groupadd --system --gid 891 postern \
    && useradd --system --uid 891 --gid postern --groups postfix --home-dir /var/lib/postern --shell /usr/sbin/nologin postern \
    && install -d -o postern -g postern -m 0700 /var/lib/postern \
    && install -d -o postern -g postfix -m 2750 /var/spool/postfix/postern
COPY --from=build /postern /usr/bin/postern
USER postern
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["test", "-S", "/var/spool/postfix/postern/milter.sock"]
ENTRYPOINT ["/usr/bin/postern"]
CMD ["serve", "--config", "/etc/postern/postern.yaml"]
