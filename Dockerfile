# Two services from one source: `docker build --target facade .` and `docker build --target gateway .`
# `docker stop` kills after 10 s, and a stop may take 25 s and DRAIN_DELAY: docker run --stop-timeout 45 …
# Neither needs a writable root: docker run --read-only --tmpfs /tmp -v c2s-facade:/data -p 8080:8080 -e HOST=0.0.0.0 …
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Without scripts: `prepare` builds the console, whose source is not here yet.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build

# Without devDependencies, and so without the compiler and the test tools. The optional ones stay: an image without
# DATABASE_URL brings its own Postgres (60 MB) and needs nothing but a volume. `npm rebuild` runs the scripts of the
# dependencies alone; Postgres's own links its libraries.
FROM node:24-slim AS modules
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts && npm rebuild

FROM node:24-slim AS runtime
ENV NODE_ENV=production
WORKDIR /app
COPY package.json ./
COPY --from=modules /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY config ./config
# A volume that is new takes over this directory's owner.
RUN install --directory --owner=node --group=node /data
# The image's own user: what breaks in here owns nothing but /data.
USER node

FROM runtime AS gateway
EXPOSE 8001 9902
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.GATEWAY_ADMIN_PORT || 9902) + '/healthz').then((res) => process.exit(res.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/c2s/gateway/main.js"]

FROM runtime AS facade
ENV DATA_DIR=/data
EXPOSE 8080 9901
# Health, not readiness: a facade whose database is away still serves, and must not be killed for it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.ADMIN_PORT || 9901) + '/healthz').then((res) => process.exit(res.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
