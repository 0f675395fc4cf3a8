# The images of ArqonBus, one target each: shield, brain, bridge, and arqon, the command line. docs/deployment.md.
#
#   docker build --target shield -t arqonbus/shield .
#
# Every image is the base and the files of one dist folder: the dependencies are inside of the bundles. A dist folder that was
# made of exactly these sources, as the gate leaves it, is taken as it is; else it is built here.

# What services run on, and what builds them. Any image with Node 20.19 or newer as `node` on its path will do for the first;
# the second needs npm as well, unless dist is there.
ARG NODE_IMAGE=docker.io/library/node:24.21.0-bookworm-slim
ARG BUILD_IMAGE=${NODE_IMAGE}

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY . .
# What `/version` says; git is not in here.
ARG REVISION=
ARG REVISION_DATE=
RUN ["node", "scripts/build.mjs"]
# Opt-in: the authors' uWebSockets.js for Node 24, which is not on npm. Without it the Shield runs on `ws`.
ARG UWEBSOCKETS_URL=
ARG UWEBSOCKETS_SHA256=
RUN ["node", "scripts/images/fetch-native-sockets.mjs", "/src/native-sockets"]

# The bills of materials: what is in a bundle, and what its base has.
FROM ${NODE_IMAGE} AS bills
COPY scripts/images/bill-of-materials.mjs scripts/images/complete-bill.mjs scripts/images/debian-packages.mjs /src/
COPY --from=build /src/native-sockets/ /src/native-sockets/
COPY --from=build /src/services/shield/dist/bill.cdx.json /bills/shield/
COPY --from=build /src/services/brain/dist/bill.cdx.json /bills/brain/
COPY --from=build /src/services/bridge/dist/bill.cdx.json /bills/bridge/
COPY --from=build /src/packages/cli/dist/bill.cdx.json /bills/arqon/
RUN ["node", "/src/complete-bill.mjs", "/bills"]

FROM ${NODE_IMAGE} AS service
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.vendor="ArqonBus" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      io.arqonbus.bill-of-materials="/app/bill.cdx.json"
ENV NODE_ENV=production
# A number, so that an orchestrator can see that it is not root. Nothing in the image belongs to it, and it needs no place to write.
USER 10001:10001
WORKDIR /app
COPY --chmod=0444 LICENSE deploy/images/healthcheck.mjs ./
# The admin port has no secrets, and whoever probes the container reaches it from outside.
ENV ARQONBUS_HTTP_HOST=0.0.0.0
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["node", "/app/healthcheck.mjs"]

FROM service AS shield
LABEL org.opencontainers.image.title="ArqonBus Shield" \
      org.opencontainers.image.description="Ends the sockets of clients, checks every message and delivers it"
COPY --chmod=0555 --from=build /src/native-sockets/ ./
COPY --chmod=0555 --from=build /src/services/shield/dist/shield.* /src/services/shield/dist/build.json ./
COPY --chmod=0444 --from=bills /bills/shield/bill.cdx.json ./
# Refused at the start unless TLS is there or the proxy that ends it is named (CFG-4).
ENV ARQONBUS_SERVER_HOST=0.0.0.0
EXPOSE 9100 9101 8080
ENTRYPOINT ["node", "/app/shield.mjs"]

FROM service AS brain
LABEL org.opencontainers.image.title="ArqonBus Brain" \
      org.opencontainers.image.description="Channels, members, rights and limits of tenants"
COPY --chmod=0555 --from=build /src/services/brain/dist/brain.* /src/services/brain/dist/build.json ./
COPY --chmod=0444 --from=bills /bills/brain/bill.cdx.json ./
EXPOSE 8080
ENTRYPOINT ["node", "/app/brain.mjs"]

FROM service AS bridge
LABEL org.opencontainers.image.title="ArqonBus Bridge" \
      org.opencontainers.image.description="HTTP for servers"
COPY --chmod=0555 --from=build /src/services/bridge/dist/bridge.* /src/services/bridge/dist/build.json ./
COPY --chmod=0444 --from=bills /bills/bridge/bill.cdx.json ./
ENV ARQONBUS_BRIDGE_HOST=0.0.0.0
EXPOSE 9102 9103 8080
ENTRYPOINT ["node", "/app/bridge.mjs"]

FROM service AS arqon
LABEL org.opencontainers.image.title="arqon" \
      org.opencontainers.image.description="The command line of ArqonBus"
COPY --chmod=0555 --from=build /src/packages/cli/dist/arqon.* /src/packages/cli/dist/chat.html /src/packages/cli/dist/build.json ./
COPY --chmod=0555 --from=build /src/packages/cli/dist/migrations/ ./migrations/
COPY --chmod=0444 --from=bills /bills/arqon/bill.cdx.json ./
HEALTHCHECK NONE
ENTRYPOINT ["node", "/app/arqon.mjs"]
