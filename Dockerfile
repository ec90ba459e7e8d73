# The controller, for amd64 and arm64: docs/decisions/0013-image.md says why it is made like this.
#
# It builds with BuildKit, buildah and the classic builder of Docker; the last knows no BUILDPLATFORM and no TARGETARCH, and builds for its
# own machine. The base images are arguments for those who take them from a mirror.
ARG SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0
ARG RUNTIME_IMAGE=mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled
ARG BUILD_PLATFORM=${BUILDPLATFORM:-linux}

FROM --platform=${BUILD_PLATFORM} ${SDK_IMAGE} AS build
ARG TARGETARCH
WORKDIR /source
RUN case "${TARGETARCH:-$(uname -m)}" in \
      amd64 | x86_64) echo linux-x64 ;; \
      arm64 | aarch64) echo linux-arm64 ;; \
      *) echo "built for amd64 and arm64, not for ${TARGETARCH:-$(uname -m)}" >&2; exit 1 ;; \
    esac > /runtime-identifier

# What decides about packages, and nothing else, so that this layer stays until one of them changes.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY src/IngressController/IngressController.csproj src/IngressController/
COPY src/IngressController/Properties/PublishProfiles/Image.pubxml src/IngressController/Properties/PublishProfiles/
COPY src/IngressController.Kubernetes/IngressController.Kubernetes.csproj src/IngressController.Kubernetes/
COPY src/IngressController.Routing/IngressController.Routing.csproj src/IngressController.Routing/
RUN dotnet restore src/IngressController -p:PublishProfile=Image -r "$(cat /runtime-identifier)"

COPY src src
COPY deploy/demo deploy/demo
ARG VERSION=0.1.0
ARG REVISION=
RUN dotnet publish src/IngressController --no-restore -c Release -p:PublishProfile=Image -r "$(cat /runtime-identifier)" \
      -p:Version="${VERSION}" -p:SourceRevisionId="${REVISION}" -warnaserror -o /app


FROM ${RUNTIME_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=
ARG SOURCE=
LABEL org.opencontainers.image.title="YARP Ingress Controller" \
      org.opencontainers.image.description="A Kubernetes Ingress controller whose data plane is YARP on Kestrel" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
# appsettings.json, where there is one, is looked for here.
WORKDIR /app
COPY --from=build /app .
# A number, so that runAsNonRoot can be checked; any other works, too.
USER 1654:1654
# http, https, and the admin port.
EXPOSE 8080 8443 10254
ENTRYPOINT ["/app/ingress-controller"]
