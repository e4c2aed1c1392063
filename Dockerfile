# Two services from one source: `docker build --target facade .` and `docker build --target gateway .`
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build

# Without devDependencies, and so without the compiler and the test tools.
FROM node:24-slim AS runtime
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev && npm cache clean --force
COPY --from=build /app/dist ./dist
COPY config ./config
# The image's own user: what breaks in here owns nothing.
USER node

FROM runtime AS gateway
EXPOSE 8001 9902
CMD ["node", "dist/gateway/main.js"]

FROM runtime AS facade
EXPOSE 8080 9901
CMD ["node", "dist/main.js"]
