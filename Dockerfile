# Three images from one source:
#   docker build --target facade .         with a Postgres of its own (60 MB), for where DATABASE_URL is unset
#   docker build --target facade-slim .    without one: DATABASE_URL names a Postgres, or is none
#   docker build --target gateway .
# None needs a writable root, and `docker stop` must wait longer than its 10 s (25 s and DRAIN_DELAY):
#   docker run --read-only --tmpfs /tmp -v c2s-facade:/data -v c2s-facade-config:/app/config -p 8080:8080 --stop-timeout 45 …
# The volume of /app/config keeps the rollout table, with its flips, when the image is replaced.
# A base by digest: docker build --build-arg BASE=node:24-slim@sha256:… (docker buildx imagetools inspect node:24-slim)
ARG BASE=node:24-slim

FROM ${BASE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Without scripts: `prepare` builds the console, whose source is not here yet.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && find dist -name '*.map' -delete -o -name '*.d.ts' -delete

# Without devDependencies, and so without the compiler and the test tools. `npm rebuild` runs the scripts of the
# dependencies alone; Postgres's own links its libraries.
FROM ${BASE} AS modules
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts && npm rebuild

FROM ${BASE} AS modules-slim
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm rebuild

FROM ${BASE} AS runtime
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.version=${VERSION} \
      org.opencontainers.image.revision=${REVISION} \
      org.opencontainers.image.licenses=MIT
ENV NODE_ENV=production
WORKDIR /app
COPY package.json ./
COPY --from=build /app/dist ./dist
# The table belongs to the user: a flip without DATABASE_URL writes it.
COPY --chown=1000:1000 config ./config
# A volume that is new takes over this directory's owner.
RUN install --directory --owner=1000 --group=1000 /data && \
    chmod 755 dist/c2s/cli/main.js && ln -s /app/dist/c2s/cli/main.js /usr/local/bin/c2s-facade
STOPSIGNAL SIGTERM
# The user `node` of the base, by number: Kubernetes can then see that it is not root.
USER 1000:1000

FROM runtime AS gateway
COPY --from=modules-slim /app/node_modules ./node_modules
EXPOSE 8001 9902
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "dist/health-check.js", "GATEWAY_ADMIN", "9902"]
CMD ["node", "dist/c2s/gateway/main.js"]

FROM runtime AS facade-slim
COPY --from=modules-slim /app/node_modules ./node_modules
# Inside of a container every address is the container's; what is published says `docker run -p`.
ENV DATA_DIR=/data HOST=0.0.0.0
EXPOSE 8080 9901
# Health, not readiness: a facade whose database is away still serves, and must not be killed for it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "dist/health-check.js", "ADMIN", "9901"]
CMD ["node", "dist/main.js"]

FROM runtime AS facade
COPY --from=modules /app/node_modules ./node_modules
ENV DATA_DIR=/data HOST=0.0.0.0
EXPOSE 8080 9901
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "dist/health-check.js", "ADMIN", "9901"]
CMD ["node", "dist/main.js"]
