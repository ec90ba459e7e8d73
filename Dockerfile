# The controller for amd64 and arm64. docs/decisions/0013-image.md explains its form.
#
# Builds with BuildKit, buildah and Docker's classic builder. The classic builder sets neither BUILDPLATFORM nor TARGETARCH and builds for
# the machine it runs on.
#
# DOTNET_REGISTRY is where .NET's images are pulled from: set it to use a mirror. SDK_IMAGE and RUNTIME_IMAGE replace the images themselves.
ARG DOTNET_REGISTRY=mcr.microsoft.com/dotnet
ARG SDK_IMAGE=${DOTNET_REGISTRY}/sdk:10.0
ARG RUNTIME_IMAGE=${DOTNET_REGISTRY}/runtime-deps:10.0-noble-chiseled
ARG BUILD_PLATFORM=${BUILDPLATFORM:-linux}

FROM --platform=${BUILD_PLATFORM} ${SDK_IMAGE} AS build
ARG TARGETARCH
WORKDIR /source
RUN case "${TARGETARCH:-$(uname -m)}" in \
      amd64 | x86_64) echo linux-x64 ;; \
      arm64 | aarch64) echo linux-arm64 ;; \
      *) echo "${TARGETARCH:-$(uname -m)} is not supported: build for amd64 or arm64" >&2; exit 1 ;; \
    esac > /runtime-identifier

# Only the files that decide which packages are restored, so that this layer is cached until one of them changes.
COPY .editorconfig global.json Directory.Build.props Directory.Packages.props ./
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
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
# The working directory is where the program looks for appsettings.json.
WORKDIR /app
COPY --from=build /app .
COPY LICENSE THIRD-PARTY-NOTICES.md licenses/
# A number, so that runAsNonRoot can be checked. Any other user works, too.
USER 1654:1654
# HTTP, HTTPS and the admin port.
EXPOSE 8080 8443 10254
ENTRYPOINT ["/app/ingress-controller"]
