# One image for the dashboard, the command line, and the scheduler and workers of a cluster: all of
# them must run the same versions. `compose.yaml` says who does what.

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
RUN python -m venv /venv
COPY requirements-cluster.lock ./
RUN /venv/bin/pip install --require-hashes --requirement requirements-cluster.lock
COPY pyproject.toml hatch_build.py README.md LICENSE app.py ./
COPY tracker ./tracker
COPY sample_images ./sample_images
RUN /venv/bin/pip install --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 HOME=/data \
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
RUN useradd --uid 10001 --home-dir /data --create-home tracker
COPY --from=build /venv /venv
COPY --from=build /app/app.py /app/app.py
COPY .streamlit /app/.streamlit
WORKDIR /app
USER 10001
EXPOSE 8501 8786
CMD ["smp-tracker", "--help"]
