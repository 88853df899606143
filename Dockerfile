# Poselift with its weights and the CPU build of torch.
#
#   docker build -t poselift .
#   docker run --rm -v "$PWD:/data" poselift video clip.mp4
#
# The base needs apt and nothing else; Python 3.11 or later comes from it where it is missing.
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE}

# OpenCV's wheel links against libGL and GLib.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libgl1 libglib2.0-0 \
    && { command -v python3 >/dev/null \
        || apt-get install -y --no-install-recommends python3 python3-venv; } \
    && rm -rf /var/lib/apt/lists/*

ENV PATH=/opt/poselift/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src

# torch first: it is by far the largest layer, and stays while the code changes. On Linux the plain
# index has the CUDA build, of gigabytes. TORCH_INDEX= takes what pip is set up for.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
COPY constraints.txt ./
RUN python3 -m venv /opt/poselift \
    && pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} -c constraints.txt torch

# EXTRAS=serve,stores,ray for a node of a cluster.
ARG EXTRAS=serve,stores
COPY . ./
RUN pip install -c constraints.txt ".[${EXTRAS}]"

# A user of its own; whoever mounts a folder of another owner says `--user`. Login shells, which
# KubeRay starts, set a PATH of their own.
RUN useradd --create-home --uid 10001 poselift && mkdir /data && chown poselift /data \
    && echo "PATH=/opt/poselift/bin:\$PATH" > /etc/profile.d/poselift.sh
USER 10001
WORKDIR /data
ENTRYPOINT ["poselift"]
CMD ["--help"]
