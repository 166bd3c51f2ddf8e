# The operator's image: one static binary. The same binary runs the proxy's drain hook and the vantage.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /edgegateway .

FROM gcr.io/distroless/static:nonroot
COPY --from=build /edgegateway /edgegateway
USER 65532:65532
ENTRYPOINT ["/edgegateway"]
