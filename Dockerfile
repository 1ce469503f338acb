# The two programs of the product, one target each: `operator` (decides and applies) and `engine` (prunes).
# Base images are arguments so that any registry, or none, can supply them. TORCH says where the engine's Python packages
# come from: baked (installed from the lock file) or mounted (a read-only volume at /opt/python, several gigabytes less image).
ARG NODE_IMAGE=node:24-bookworm-slim
ARG DEBIAN_IMAGE=debian:12-slim
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${NODE_IMAGE} AS bundle
WORKDIR /build
COPY package.json package-lock.json ./
# No install scripts: Node itself comes as a locked package whose file is only copied.
RUN npm ci --ignore-scripts --no-audit --no-fund && cp node_modules/node-linux-*/bin/node /usr/local/bin/locked-node
COPY tsconfig.json ./
COPY scripts/bundle.ts scripts/left-out.ts scripts/
COPY src src
RUN npm run build

FROM ${DEBIAN_IMAGE} AS operator
COPY --from=bundle /usr/local/bin/locked-node /usr/local/bin/node
COPY --from=bundle /build/dist/main.js /app/main.js
ENV NODE_ENV=production
USER 65532:65532
# Without them V8 lets garbage grow to twice the size of what lives, and three young generations of 16 MB each (docs/benchmarks-operator.md).
ENTRYPOINT ["/usr/local/bin/node", "--max-semi-space-size=4", "--heap-growing-percent=20", "/app/main.js"]

FROM ${PYTHON_IMAGE} AS engine
ARG TORCH=baked
COPY engine/pyproject.toml engine/requirements.lock /opt/stun/
# The lock file holds the tools of development too: pyproject.toml names what the image needs, the lock file its versions and hashes.
# Two lines of path configuration stand in for an installation, because the folder of packages differs between Debian's Python and others'.
RUN set -e; \
    packages=$(python3 -c 'import site; print(site.getsitepackages()[0])'); mkdir -p "$packages"; \
    case "$TORCH" in \
      baked) cd /opt/stun; awk '/^[a-z]/ {on = /^uv==/} on' requirements.lock > uv.lock; \
        pip install --no-cache-dir --require-hashes -r uv.lock; rm uv.lock; \
        uv pip install --system --no-cache --require-hashes -c requirements.lock -r pyproject.toml --group endpoint ;; \
      mounted) echo /opt/python/lib/python3.11/site-packages > "$packages/mounted.pth" ;; \
      *) echo "TORCH is '$TORCH'; write baked or mounted" >&2; exit 2 ;; \
    esac; \
    echo /opt/stun > "$packages/stun.pth"; \
    printf '#!/usr/bin/env python3\nfrom stun.cli import main\n\nraise SystemExit(main())\n' > /usr/local/bin/stun; \
    chmod 0755 /usr/local/bin/stun
COPY engine/stun /opt/stun/stun
# The root file system is read-only in a Pod; without this Python would try to write beside every module.
ENV PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
ENTRYPOINT ["stun"]
