# Two commands do everything on a fresh machine:
#
#   make run     build, then watch made-up trade with planted fraud being decided live
#   make test    build and run every test
#
# `make install` puts the command `tidegate` where Cargo keeps commands. The others are for those who work on it:
# check (formatting, lints, docs), bench, and picture (the README's, from a real run; it needs tmux).

SHELL := /bin/bash
CARGO := $(shell command -v cargo 2>/dev/null || echo "$$HOME/.cargo/bin/cargo")

.PHONY: run test install check bench picture setup

run: setup
	@echo "==> Building tidegate (the first time takes a few minutes)"
	@$(CARGO) build --release --locked -p tidegate
	@echo "==> Starting the demo: made-up trade, a day every five seconds. q or Ctrl-C ends it."
	@exec $(CARGO) run --release --locked --quiet -p tidegate -- demo

install: setup
	@echo "==> Building and installing tidegate (the first time takes a few minutes)"
	@$(CARGO) install --locked --quiet --path engine/cli
	@command -v tidegate >/dev/null || echo "==> Please add $${CARGO_HOME:-$$HOME/.cargo}/bin to your PATH."

# Those with a real Apache Kafka run by themselves, after the others: brokers and their time-outs want the machine.
test: setup
	@echo "==> Building and running every test (the first time takes several minutes)"
	@$(CARGO) test --workspace --locked
	@if tests/kafka/fetch; then \
	  echo "==> Running the tests with a real Apache Kafka"; \
	  $(CARGO) test --workspace --locked --test it -- --ignored kafka::; \
	else echo "==> Skipped: the tests with a real Apache Kafka"; fi

check: setup
	@echo "==> Formatting"
	@$(CARGO) fmt --all --check
	@echo "==> Lints"
	@$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	@echo "==> Documentation"
	@RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" $(CARGO) doc --workspace --no-deps --locked --quiet

bench: setup
	@echo "==> Building the benchmark"
	@$(CARGO) build --release --locked -p bench
	@$(CARGO) run --release --locked --quiet -p bench -- engine
	@$(CARGO) run --release --locked --quiet -p bench -- service

TMUX := tmux -L tidegate-picture
TIDEGATE := $(CARGO) run --release --locked --quiet -p tidegate

picture: setup
	@echo "==> Watching the demo for three quarters of a minute"
	@$(CARGO) build --release --locked -p tidegate --bins --example picture
	@state=$$(mktemp -d); trap 'rm -r $$state' EXIT; \
	  $(TMUX) new-session -d -x 150 -y 42 "$(TIDEGATE) -- demo --lapse 34560 --state $$state"; \
	  sleep 45; $(TMUX) capture-pane -ep > $$state/screen; $(TMUX) kill-server; \
	  $(TIDEGATE) --example picture < $$state/screen > engine/demo.svg

# What a fresh machine lacks: compilers for C (zstd, SQLite) and C++ (the client of Kafka), and Rust.
setup:
	@{ command -v cc && command -v c++; } >/dev/null || { \
	  echo "==> Installing compilers for C and C++ (build-essential)"; \
	  if command -v apt-get >/dev/null; then \
	    $$( [ "$$(id -u)" = 0 ] || echo sudo ) sh -c 'apt-get update -q && apt-get install -qy build-essential'; \
	  else echo "Please install compilers for C and C++ (cc, c++) and run make again." >&2; exit 1; fi; }
	@[ -x "$(CARGO)" ] || { \
	  echo "==> Installing Rust with rustup"; \
	  command -v curl >/dev/null || { echo "Please install curl, or Rust 1.95 or newer, and run make again." >&2; exit 1; }; \
	  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile default; }
